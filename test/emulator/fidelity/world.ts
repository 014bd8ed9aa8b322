import type { Connection, DataSource, State } from "../../../src/emulator/state/state.ts";
import { type Json, type JsonObject, text } from "../harness.ts";
import { undo } from "./before.ts";
import { madeBy, parentIdOf } from "./made.ts";
import { ensureBlock, ensurePage, plant, plantChild, plantItem, plantUser } from "./plant.ts";
import { plantRollups } from "./plant-rollups.ts";
import { ensureDataSource, onlySource, plantColumns, plantSchema } from "./plant-schema.ts";
import { type Chain, type Folder, isRecord, objectsIn, type RecordedCall } from "./recorded.ts";

export const recordedToken = "ntn_recorded_dummy";

/**
 * Fills a workspace with what must have been there before a chain's first call: everything its answers show that none
 * of its calls made. Of something first seen in the answer to its change, the state before the change is derived.
 */
export function buildWorld(state: State, chain: Chain, folder: Folder): void {
  state.users.clear();
  plantPeople(state, chain, folder);
  plantConnection(state, chain, folder);
  const made = new Set<string>();
  for (const call of chain.calls) {
    if (call.status === 200) plantCall(state, { call, folder, made });
    for (const id of madeBy(call)) made.add(id);
  }
  for (const body of chain.calls.flatMap(({ answer }) => objectsIn(answer))) {
    if (body.has_children === true) plantChild(state, text(body.id));
    if (body.object === "page") plantRollups(state, body, folder);
    publish(state, body, made);
  }
  reverseUploads(state, chain);
  const last = chain.calls.at(-1);
  if (last?.path.endsWith("/children") === true && last.answer.has_more === true) plantNext(state, last);
}

/** What has an address on the web, or what it lies in when it is yet to be made. */
function publish(
  state: State,
  { id, public_url: address, parent }: JsonObject,
  made: ReadonlySet<string>,
): void {
  if (typeof address !== "string" || !isRecord(parent)) return;
  const holder = parent.data_source_id ?? parent.database_id ?? parent.page_id ?? parent.block_id;
  const published = text(made.has(text(id)) ? holder : id);
  state.published.set(published, { id: published, site: new URL(address).host });
}

/** Uploads are listed newest first; one more when the list was not read to its end. */
function reverseUploads(state: State, { calls }: Chain): void {
  const uploads = [...state.fileUploads.values()];
  const oldest = uploads.at(-1);
  const last = calls.findLast(({ path }) => path === "/v1/file_uploads");
  if (oldest !== undefined && last?.answer.has_more === true)
    uploads.push({ ...oldest, id: state.random.recordId() });
  state.fileUploads.clear();
  for (const upload of uploads.reverse()) state.fileUploads.set(upload.id, upload);
}

/** A list of children that is not read to its end goes on. */
function plantNext(state: State, { path }: RecordedCall): void {
  const id = dashed(path.split("/")[3] ?? "") ?? "";
  const parent = state.pages.get(id) ?? state.blocks.get(id);
  if (parent === undefined) return;
  const next = ensureBlock(state, state.random.recordId());
  next.parent = { type: parent.object === "page" ? "page_id" : "block_id", id };
  parent.children = [...parent.children, next.id];
}

function plantPeople(state: State, chain: Chain, folder: Folder): void {
  const own = chain.calls.flatMap(({ answer }) => objectsIn(answer));
  const listsUsers = chain.calls.some(({ path, status }) => path === "/v1/users" && status === 200);
  // Guests are not listed, but show where they did something.
  const others = listsUsers ? [] : [...folder.known.values()].flat();
  for (const user of [...own, ...others])
    if (user.object === "user" && !state.users.has(text(user.id))) plantUser(state, user);
}

/** The recorded connection, as far as the folder tells who it was. */
function plantConnection(state: State, chain: Chain, folder: Folder): void {
  const [first] = state.connections.values();
  if (first === undefined) throw new Error("the emulator has no connection to copy");
  const own = chain.calls.find(({ path, status }) => path === "/v1/users/me" && status === 200)?.answer;
  const shown = chain.calls.flatMap(({ answer }) => objectsIn(answer)).filter((each) => isRecord(each.bot));
  const isOwn = (each: JsonObject): boolean => isRecord(each.bot) && isRecord(each.bot.owner);
  const bots = [...folder.known.values()].flat().filter(isOwn);
  // An answer shows the owner of the reader's own bot only.
  const isForeign = ({ id }: JsonObject): boolean => shown.some((each) => each.id === id && !isOwn(each));
  const named = own ?? shown.find(isOwn) ?? bots.find((bot) => !isForeign(bot));
  const refusal = chain.calls.map(({ answer }) => answer.additional_data).find(isRecord);
  const botId = text(
    refusal?.integration_id ?? own?.id ?? writerOf(chain) ?? named?.id ?? state.random.uuid(),
  );
  const name = text((state.users.get(botId)?.name || named?.name) ?? folder.name);
  const connection: Connection = { ...first, name, token: recordedToken, botId, grants: new Map() };
  state.connections.set(recordedToken, connection);
  const user = state.users.get(botId);
  state.users.set(botId, { id: botId, type: "bot", name, email: null, avatarUrl: user?.avatarUrl ?? null });
}

/** Who the answers to writes name as the last editor; uploads are only ever shown to whoever made them. */
function writerOf({ calls }: Chain): Json | undefined {
  const own = calls.flatMap(({ answer, path }) =>
    /^\/v1\/(file_uploads|comments\/)/.test(path) ? objectsIn(answer) : [],
  );
  const maker = own.map((body) => body.created_by).find(isRecord);
  if (maker !== undefined) return maker.id;
  const writes = calls.filter(({ method, path }) => method !== "GET" && !/\/(query|search)$/.test(path));
  const authors = writes.flatMap(({ answer }) => [
    answer,
    ...(Array.isArray(answer.results) ? answer.results : []),
  ]);
  const author = authors
    .filter(isRecord)
    .map((body) => body.last_edited_by)
    .find(isRecord);
  return author?.id;
}

interface Planting {
  readonly call: RecordedCall;
  readonly folder: Folder;
  readonly made: ReadonlySet<string>;
}

function plantCall(state: State, { call, folder, made }: Planting): void {
  const created = new Set([...made, ...madeBy(call)]);
  const isNew = (body: JsonObject): boolean =>
    !created.has(text(body.id)) && !created.has(parentIdOf(body) ?? "");
  for (const body of objectsIn(call.answer).filter(isNew)) {
    if (findAny(state, text(body.id)) !== null) continue;
    plant(state, undo(state, call, body));
    plantOptions(state, body);
    plantTitle(state, text(body.id), folder);
  }
  plantTarget(state, { call, folder, made: created });
  plantReferences(state, { call, folder, made: created });
  plantTemplates(state, call);
  const [, pageId, propertyId] = /^\/v1\/pages\/([^/]+)\/properties\/([^/]+)$/.exec(call.path) ?? [];
  const page = state.pages.get(dashed(pageId ?? "") ?? "");
  if (page !== undefined && propertyId !== undefined && !made.has(page.id)) {
    // Of a row that nothing else tells of, not even the data source is known.
    const isLost = page.parent.type === "workspace" && propertyId !== "title";
    if (isLost)
      ensurePage(state, page.id, { type: "data_source_id", id: onlySource(state, state.random.uuid()).id });
    plantItem(state, page, {
      id: decodeURIComponent(propertyId),
      answer: call.answer,
      isFirst: call.query.every(([name]) => name !== "start_cursor"),
    });
    for (const body of folder.known.get(page.id.replaceAll("-", "")) ?? []) plantRollups(state, body, folder);
  }
}

/** Options that a change sets were there before it. */
function plantOptions(state: State, { id, properties }: JsonObject): void {
  const parent = state.pages.get(text(id))?.parent;
  const dataSource = parent?.type === "data_source_id" ? state.dataSources.get(parent.id) : undefined;
  if (dataSource !== undefined && isRecord(properties)) plantColumns(state, dataSource, properties);
}

/** An answer that shows some properties only does not tell the title; other recordings of the page do. */
function plantTitle(state: State, id: string, folder: Folder): void {
  const page = state.pages.get(id);
  if (page === undefined || page.values.title !== undefined) return;
  for (const { properties } of folder.known.get(id.replaceAll("-", "")) ?? []) {
    const entries = isRecord(properties) ? Object.values(properties).filter(isRecord) : [];
    const title = entries.find((entry) => entry.type === "title")?.title;
    const value = Array.isArray(title)
      ? title
          .filter(isRecord)
          .map((item) => item.plain_text)
          .join("")
      : "";
    if (value !== "") page.values.title = value;
  }
}

/** Templates of a data source as their list shows them, or as a request names them. */
function plantTemplates(state: State, { path, body, answer }: RecordedCall): void {
  const listed = Array.isArray(answer.templates) ? answer.templates.filter(isRecord) : [];
  const inPath = state.dataSources.get(dashed(path.split("/")[3] ?? "") ?? "");
  for (const template of listed) if (inPath !== undefined) plantTemplate(state, inPath, template);
  if (!isRecord(body) || !isRecord(body.template) || !isRecord(body.parent)) return;
  const source = state.dataSources.get(dashed(String(body.parent.data_source_id)) ?? "");
  const { type, template_id: id } = body.template;
  const template = {
    id: dashed(String(id)) ?? state.random.uuid(),
    name: "",
    is_default: type === "default",
  };
  if (source !== undefined && type !== "none") plantTemplate(state, source, template);
}

function plantTemplate(state: State, dataSource: DataSource, template: JsonObject): void {
  const id = text(template.id);
  if (dataSource.templateIds.includes(id)) return;
  const page = ensurePage(state, id, { type: "data_source_id", id: dataSource.id });
  page.values.title = text(template.name);
  dataSource.templateIds = [...dataSource.templateIds, id];
  if (template.is_default === true) dataSource.defaultTemplateId = id;
}

/** What the path names: it must exist even when the answer does not show it. */
function plantTarget(state: State, { call, folder, made }: Planting): void {
  const [, , kind, inPath] = call.path.split("/");
  const raw = inPath ?? call.query.find(([name]) => name === "block_id")?.[1];
  const id = dashed(raw ?? "");
  if (id === null || made.has(id) || findAny(state, id) !== null) return;
  plantKnown(state, folder, id);
  if (findAny(state, id) !== null) return;
  if (kind === "pages") ensurePage(state, id);
  if (kind === "databases") onlySource(state, id);
  if (kind === "data_sources") ensureDataSource(state, id, state.random.uuid());
  if (kind === "blocks" || kind === "comments") plantBlockTarget(state, id, call.answer);
}

/** A page or a block: what its children say of their parent decides. */
function plantBlockTarget(state: State, id: string, answer: JsonObject): void {
  const [first] = Array.isArray(answer.results) ? answer.results.filter(isRecord) : [];
  if (isRecord(first?.parent) && first.parent.type === "block_id") ensureBlock(state, id);
  else ensurePage(state, id);
}

/** Parents and targets that a request names. */
function plantReferences(state: State, { call, folder, made }: Planting): void {
  for (const [key, id] of idsIn(call.body)) {
    // A data source may be there as the target of a relation only, without its columns.
    const isWhole = findAny(state, id) !== null && !key.endsWith("data_source_id");
    if (made.has(id) || isWhole) continue;
    plantKnown(state, folder, id);
    if (findAny(state, id) !== null) continue;
    if (key === "database_id") onlySource(state, id);
    else if (key === "data_source_id") ensureDataSource(state, id, state.random.uuid());
    else if (key === "block_id" || key === "after" || key === "after_block") ensureBlock(state, id);
    else if (key === "page_id" || key === "relation") ensurePage(state, id);
  }
  plantSiblings(state, call);
  plantDiscussion(state, call);
  const parent = isRecord(call.body) && isRecord(call.body.parent) ? call.body.parent : {};
  const sourceId = parent.data_source_id ?? parent.database_id;
  if (typeof sourceId === "string" && isRecord(call.answer.properties) && call.answer.object === "page")
    plantParentColumns(state, call.answer);
}

/** A comment answers another one, which stood where it stands. */
function plantDiscussion(state: State, { body, answer }: RecordedCall): void {
  if (!isRecord(body) || typeof body.discussion_id !== "string" || answer.object !== "comment") return;
  if ([...state.comments.values()].some(({ discussionId }) => discussionId === answer.discussion_id)) return;
  plant(state, { ...answer, id: state.random.recordId(), rich_text: [] });
}

/** Blocks are put after one that is a child already, before those that follow in the answer. */
function plantSiblings(state: State, call: RecordedCall): void {
  const after = idsIn(call.body).find(([key]) => key === "after" || key === "after_block")?.[1];
  const parentId = dashed(call.path.split("/")[3] ?? "") ?? "";
  const parent = state.pages.get(parentId) ?? state.blocks.get(parentId);
  if (after === undefined || parent === undefined) return;
  const first = ensureBlock(state, after);
  first.parent = { type: parent.object === "page" ? "page_id" : "block_id", id: parentId };
  parent.children = [after, ...parent.children.filter((id) => id !== after)];
}

/** A row made in a data source: its answer shows which columns there were. */
function plantParentColumns(state: State, answer: JsonObject): void {
  const parent = isRecord(answer.parent) ? answer.parent : {};
  const known =
    typeof parent.data_source_id === "string"
      ? state.dataSources.get(parent.data_source_id)
      : state.dataSources.get(state.databases.get(text(parent.database_id ?? ""))?.dataSourceIds[0] ?? "");
  if (known !== undefined && known.properties.length === 0)
    plant(state, { ...answer, id: state.random.recordId(), in_trash: true });
}

/** What the rest of the folder tells of an object. */
function plantKnown(state: State, folder: Folder, id: string): void {
  for (const body of folder.known.get(id.replaceAll("-", "")) ?? []) {
    if (findAny(state, id) === null)
      plant(state, { ...body, ...asUsable(body), in_trash: false, archived: false });
    if (body.has_children === true) plantChild(state, id);
    const dataSource = state.dataSources.get(id);
    if (dataSource !== undefined && isRecord(body.properties))
      plantSchema(state, dataSource, body.properties);
  }
  if (state.databases.get(id)?.dataSourceIds.length !== 0) return;
  const sources = [...folder.known.values()].flat().filter(({ object, parent }) => {
    return object === "data_source" && isRecord(parent) && parent.database_id === id;
  });
  const columnsOf = ({ properties }: JsonObject): number => Object.keys(properties ?? {}).length;
  const [richest] = sources.sort((left, right) => columnsOf(right) - columnsOf(left));
  if (richest !== undefined) plant(state, richest);
}

/** An upload that a request names has arrived. */
function asUsable(body: JsonObject): JsonObject {
  return body.object === "file_upload" ? { status: "uploaded", expiry_time: null } : {};
}

function findAny(state: State, id: string): object | null {
  return (
    state.pages.get(id) ??
    state.blocks.get(id) ??
    state.databases.get(id) ??
    state.dataSources.get(id) ??
    state.users.get(id) ??
    state.comments.get(id) ??
    state.fileUploads.get(id) ??
    null
  );
}

/** Ids in a request's body, with the key they stand under; ids of relation values under "relation". */
function idsIn(value: Json, key = ""): [string, string][] {
  if (typeof value === "string") {
    const id = dashed(value);
    return id === null ? [] : [[key, id]];
  }
  if (Array.isArray(value)) return value.flatMap((each) => idsIn(each, key));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, each]) => idsIn(each, name === "id" ? key : name));
}

function dashed(text: string): string | null {
  const match = /^(.{8})-?(.{4})-?(.{4})-?(.{4})-?(.{12})$/.exec(text);
  return match === null || !/^[0-9a-f-]+$/.test(text) ? null : match.slice(1).join("-");
}
