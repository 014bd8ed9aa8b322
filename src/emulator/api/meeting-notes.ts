import { archivedError, bodyError, bodyErrors, validationError } from "../http/errors.ts";
import type { JsonObject } from "../json.ts";
import { appendBlocks } from "../operations/blocks.ts";
import { tellContent } from "../operations/tell.ts";
import { requireCapability, visibleBlock, visiblePage } from "../state/access.ts";
import { type Block, findEntity, isTrashed, type Page } from "../state/state.ts";
import { attach, keepUploads } from "../values/files.ts";
import { parseRichText, renderRichText } from "../values/rich-text.ts";
import { actorOf, type Call } from "./call.ts";
import { idAt, objectAt, oneOf, textAt } from "./input.ts";
import { renderBlock } from "./render.ts";

/** POST /blocks/meeting_notes: from an upload, at the end of a page; or from an audio block, after it. Nothing is transcribed. */
export function postMeetingNotes(call: Call): JsonObject {
  requireCapability(call.connection, "insertContent");
  const { state, body } = call;
  const { parent, after, upload } = parsePlace(call);
  if (isTrashed(state, parent)) throw archivedError();
  const title = body.title === undefined ? "" : textAt(body.title, "body.title");
  const rich = renderRichText(parseRichText([{ text: { content: title } }], "body.title"), state);
  const actor = actorOf(call);
  if (upload !== null) keepUploads(state, attach(upload, state));
  const content = { title: title === "" ? [] : rich, status: "transcription_not_started" };
  const [made] = appendBlocks(state, parent, {
    blocks: [{ type: "meeting_notes", content, children: [] }],
    position: after === null ? { type: "end" } : { type: "after", id: after },
    actor,
  });
  if (made === undefined) throw validationError("The meeting notes could not be made.");
  tellContent(state, parent, { changed: [made], actor });
  return renderBlock(made, call);
}

function parsePlace(call: Call): {
  readonly parent: Page | Block;
  readonly after: string | null;
  readonly upload: string | null;
} {
  const { state, connection, body } = call;
  if (body.source === undefined) throw bodyErrors(["body.source"]);
  const source = objectAt(body.source, "body.source");
  if (oneOf(source.type, "body.source.type", ["file_upload", "block"]) === "file_upload") {
    const upload = idAt(source.file_upload_id, "body.source.file_upload_id");
    const parent = objectAt(body.parent, "body.parent");
    const page = visiblePage(state, connection, idAt(parent.page_id, "body.parent.page_id"));
    return { parent: page, after: null, upload };
  }
  if (body.parent !== undefined) throw bodyError("body.parent", "not present", body.parent);
  const block = visibleBlock(state, connection, idAt(source.block_id, "body.source.block_id"));
  const around = block.parent.type === "workspace" ? null : findEntity(state, block.parent.id);
  const canHold = around?.object === "page" || around?.object === "block";
  if (block.object !== "block" || !["audio", "file", "video"].includes(block.type) || !canHold)
    throw validationError("Meeting notes are made from an audio, video or file block.");
  return { parent: around, after: block.id, upload: null };
}
