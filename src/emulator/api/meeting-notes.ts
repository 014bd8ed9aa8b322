import { archivedError, bodyError, bodyErrors, validationError } from "../http/errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { appendBlocks } from "../operations/blocks.ts";
import { tellContent } from "../operations/tell.ts";
import { compileNotesFilter, notesKey, notesProperties } from "../query/meeting-notes.ts";
import { canSee, requireCapability, visibleBlock, visiblePage } from "../state/access.ts";
import { type Block, findEntity, isTrashed, type Page } from "../state/state.ts";
import { attach, keepUploads } from "../values/files.ts";
import { parseRichText, renderRichText } from "../values/rich-text.ts";
import { actorOf, type Call } from "./call.ts";
import { arrayAt, idAt, objectAt, oneOf, textAt } from "./input.ts";
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

/** Most meeting notes one answer lists; there are no further pages. */
const limitMax = 50;

/** POST /blocks/meeting_notes/query: those the connection sees, newest first. */
export function queryMeetingNotes(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const { state, connection, body } = call;
  const limit = body.limit === undefined ? limitMax : limitIn(body.limit);
  const sorts = sortsIn(body.sort);
  const passes = compileNotesFilter(body.filter, state.now());
  const found = [...state.blocks.values()].filter(
    (block) =>
      block.type === "meeting_notes" &&
      !isTrashed(state, block) &&
      canSee(state, connection, block) &&
      passes(block),
  );
  const sorted = found.toSorted((one, other) => compareNotes(one, other, sorts));
  return {
    results: sorted.slice(0, limit).map((block) => renderBlock(block, call)),
    has_more: found.length > limit,
  };
}

function limitIn(input: Json): number {
  if (typeof input !== "number" || !Number.isInteger(input) || input < 1)
    throw bodyError("body.limit", "a number greater than 0", input);
  if (input > limitMax) throw bodyError("body.limit", `≤ \`${limitMax}\``, input);
  return input;
}

interface NotesSort {
  readonly property: string;
  readonly isDescending: boolean;
}

function sortsIn(input: Json | undefined): NotesSort[] {
  if (input === undefined) return [{ property: "created_time", isDescending: true }];
  return arrayAt(input, "body.sort").map((each, index) => {
    const path = `body.sort[${index}]`;
    const { property, direction } = objectAt(each, path);
    return {
      property: oneOf(property, `${path}.property`, notesProperties),
      isDescending: oneOf(direction, `${path}.direction`, ["ascending", "descending"]) === "descending",
    };
  });
}

/** Equal ones stay in the order they were made in. */
function compareNotes(one: Block, other: Block, sorts: readonly NotesSort[]): number {
  for (const { property, isDescending } of sorts) {
    const [left, right] = [notesKey(one, property), notesKey(other, property)];
    if (left !== right) return left < right === isDescending ? 1 : -1;
  }
  return 0;
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
