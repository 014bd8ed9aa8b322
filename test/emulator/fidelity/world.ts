import type { Connection, State } from "../../../src/emulator/state/state.ts";
import { array, type Json, type JsonObject, text } from "../harness.ts";
import { undo } from "./before.ts";
import { ensureBlock, ensurePage, plant, plantUser } from "./plant.ts";
import { ensureDataSource, onlySource, plantSchema } from "./plant-schema.ts";
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
}

function plantPeople(state: State, chain: Chain, folder: Folder): void {
  const own = chain.calls.flatMap(({ answer }) => objectsIn(answer));
  for (const user of [...own, ...[...folder.known.values()].flat()])
    if (user.object === "user" && !state.users.has(text(user.id))) plantUser(state, user);
}

/** The recorded connection, as far as the folder tells who it was. */
function plantConnection(state: State, chain: Chain, folder: Folder): void {
  const [first] = state.connections.values();
  if (first === undefined) throw new Error("the emulator has no connection to copy");
  const own = chain.calls.find(({ path, status }) => path === "/v1/users/me" && status === 200)?.answer;
  const bots = [...folder.known.values()].flat().filter((each) => isRecord(each.bot) && isRecord(each.bot.owner));
  const named = own ?? bots[0];
  const refusal = chain.calls.map(({ answer }) => answer.additional_data).find(isRecord);
  const botId = text(refusal?.integration_id ?? named?.id ?? state.random.uuid());
  const name = text(named?.name ?? folder.name);
  const connection: Connection = { ...first, name, token: recordedToken, botId, grants: new Map() };
  state.connections.set(recordedToken, connection);
  const user = state.users.get(botId);
  state.users.set(botId, { id: botId, type: "bot", name, email: null, avatarUrl: user?.avatarUrl ?? null });
}

interface Planting {
  readonly call: RecordedCall;
  readonly folder: Folder;
  readonly made: ReadonlySet<string>;
}

function plantCall(state: State, { call, folder, made }: Planting): void {
  const created = new Set([...made, ...madeBy(call)]);
  const isNew = (body: JsonObject): boolean => !created.has(text(body.id)) && !created.has(parentIdOf(body) ?? "");
  for (const body of objectsIn(call.answer).filter(isNew)) {
    if (findAny(state, text(body.id)) === null) plant(state, undo(state, call, body));
  }
  plantTarget(state, { call, folder, made: created });
  plantReferences(state, { call, folder, made: created });
}

/** What the path names: it must exist even when the answer does not show it. */
function plantTarget(state: State, { call, folder, made }: Planting): void {
  const [, , kind, raw] = call.path.split("/");
  const id = dashed(raw ?? "");
  if (id === null || made.has(id) || findAny(state, id) !== null) return;
  plantKnown(state, folder, id);
  if (findAny(state, id) !== null) return;
  if (kind === "pages") ensurePage(state, id);
  if (kind === "databases") onlySource(state, id);
  if (kind === "data_sources") ensureDataSource(state, id, state.random.uuid());
  if (kind === "blocks") plantBlockTarget(state, id, call.answer);
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
    if (made.has(id) || findAny(state, id) !== null) continue;
    plantKnown(state, folder, id);
    if (findAny(state, id) !== null) continue;
    if (key === "database_id") onlySource(state, id);
    else if (key === "data_source_id") ensureDataSource(state, id, state.random.uuid());
    else if (key === "block_id" || key === "after") ensureBlock(state, id);
    else if (key === "page_id" || key === "relation") ensurePage(state, id);
  }
  const parent = isRecord(call.body) && isRecord(call.body.parent) ? call.body.parent : {};
  const sourceId = parent.data_source_id ?? parent.database_id;
  if (typeof sourceId === "string" && isRecord(call.answer.properties) && call.answer.object === "page")
    plantParentColumns(state, call.answer);
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
    if (findAny(state, id) === null) plant(state, { ...body, in_trash: false, archived: false });
    const dataSource = state.dataSources.get(id);
    if (dataSource !== undefined && isRecord(body.properties)) plantSchema(state, dataSource, body.properties);
  }
  for (const body of folder.known.values().toArray().flat()) {
    const isSource = body.object === "data_source" && isRecord(body.parent) && body.parent.database_id === id;
    if (isSource && state.databases.has(id)) plant(state, body);
  }
}

function findAny(state: State, id: string): object | null {
  return (
    state.pages.get(id) ??
    state.blocks.get(id) ??
    state.databases.get(id) ??
    state.dataSources.get(id) ??
    state.users.get(id) ??
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

/** Ids of the objects that a call made. */
export function madeBy({ method, path, status, body, answer }: RecordedCall): string[] {
  if (status !== 200) return [];
  const isCreation = method === "POST" && /^\/v1\/(pages|databases|data_sources|comments|views|file_uploads)\/?$/.test(path);
  if (isCreation) return [text(answer.id), ...sourcesOf(answer)];
  if (method !== "PATCH" || !path.endsWith("/children") || !isRecord(body)) return [];
  const count = array(body.children ?? []).length;
  return array(answer.results).slice(0, count).filter(isRecord).map((each) => text(each.id));
}

function sourcesOf(answer: JsonObject): string[] {
  return Array.isArray(answer.data_sources) ? answer.data_sources.filter(isRecord).map((each) => text(each.id)) : [];
}

function parentIdOf({ parent }: JsonObject): string | null {
  if (!isRecord(parent)) return null;
  const id = parent.data_source_id ?? parent.database_id ?? parent.page_id ?? parent.block_id;
  return typeof id === "string" ? id : null;
}

function dashed(text: string): string | null {
  const match = /^(.{8})-?(.{4})-?(.{4})-?(.{4})-?(.{12})$/.exec(text);
  return match === null || !/^[0-9a-f-]+$/.test(text) ? null : match.slice(1).join("-");
}

