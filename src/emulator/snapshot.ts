import { isObject, type JsonObject, stringOr } from "./json.ts";
import type { RandomState } from "./state/random.ts";
import { RowSet } from "./state/row-set.ts";
import type { Connection, DataSource, State } from "./state/state.ts";

const format = "lockstep-emulator-snapshot";
const version = 1;

/** A whole workspace as JSON: everything but requests under way, cursors, counts and deliveries not made yet. */
export interface Snapshot {
  readonly format: typeof format;
  readonly version: typeof version;
  readonly workspaceId: string;
  readonly workspaceName: string;
  /** Milliseconds; restored only to a clock that stood still. */
  readonly now: number;
  readonly isClockFixed: boolean;
  readonly random: RandomState;
  /** Everything the workspace holds, by kind, in the order it was made. */
  readonly things: { readonly [kind: string]: readonly JsonObject[] };
  /** Uploaded bytes by name, as base64. */
  readonly files: { readonly [name: string]: string };
}

/** What a state is made of besides its tools. */
function mapsOf(state: State): [kind: string, map: Map<string, unknown>][] {
  return Object.entries(state).flatMap(([kind, value]): [string, Map<string, unknown>][] =>
    value instanceof Map ? [[kind, value]] : [],
  );
}

export function takeSnapshot(state: State, isClockFixed: boolean): Snapshot {
  const things = Object.fromEntries(
    mapsOf(state).map(([kind, map]) => [kind, [...map.values()].map(toJson)]),
  );
  const files = state.files.names().map((name) => [name, state.files.read(name)?.toString("base64") ?? ""]);
  return structuredClone({
    format,
    version,
    workspaceId: state.workspaceId,
    workspaceName: state.workspaceName,
    now: state.now(),
    isClockFixed,
    random: state.random.save(),
    things: { ...things, pending: state.pending.map(toJson) },
    files: Object.fromEntries(files),
  });
}

/** Two kinds hold more than plain data: connections their grants, data sources their rows. */
function toJson(thing: unknown): JsonObject {
  const plain: { [key: string]: unknown } = { ...objectOf(thing) };
  if (plain.grants instanceof Map) plain.grants = [...plain.grants];
  if (plain.rows instanceof RowSet) plain.rows = Array.from(plain.rows, ({ id }) => id);
  return plain as JsonObject;
}

function objectOf(thing: unknown): object {
  return typeof thing === "object" && thing !== null ? thing : {};
}

/** Checks that a document is a snapshot. Its contents are not checked: only `takeSnapshot` writes them. */
export function parseSnapshot(document: unknown): Snapshot {
  const root = isObject(document) ? document : {};
  if (root.format !== format || root.version !== version) {
    throw new TypeError(
      `Cannot read the snapshot: expected format "${format}", version ${version}, got ${JSON.stringify(root.format)}, version ${JSON.stringify(root.version)}.`,
    );
  }
  if (!isObject(root.things) || !isObject(root.random) || !isObject(root.files))
    throw new TypeError("Cannot read the snapshot: things, random and files should be objects.");
  return document as Snapshot;
}

/** Puts everything a snapshot holds in the place of everything there is. */
export function restoreSnapshot(state: State, given: Snapshot): void {
  const snapshot = structuredClone(given);
  state.workspaceId = snapshot.workspaceId;
  state.workspaceName = snapshot.workspaceName;
  state.random.restore(snapshot.random);
  for (const [kind, map] of mapsOf(state)) {
    map.clear();
    for (const thing of snapshot.things[kind] ?? []) map.set(keyOf(kind, thing), thing);
  }
  for (const connection of state.connections.values()) restoreGrants(connection);
  for (const dataSource of state.dataSources.values()) restoreRows(state, dataSource);
  state.pending.splice(
    0,
    state.pending.length,
    ...((snapshot.things.pending ?? []) as unknown as State["pending"]),
  );
  // Empties the store; it opens again with the first write.
  state.files.close();
  for (const [name, base64] of Object.entries(snapshot.files))
    state.files.write(name, Buffer.from(base64, "base64"));
}

/** Connections are found by their token, everything else by its id. */
function keyOf(kind: string, thing: JsonObject): string {
  return stringOr(kind === "connections" ? thing.token : thing.id, "");
}

function restoreGrants(connection: Connection): void {
  const entries = connection.grants as unknown as [string, boolean][];
  Object.assign(connection, { grants: new Map(entries) });
}

function restoreRows(state: State, dataSource: DataSource): void {
  const ids = dataSource.rows as unknown as string[];
  dataSource.rows = new RowSet();
  for (const id of ids) {
    const page = state.pages.get(id);
    if (page !== undefined) dataSource.rows.add(page);
  }
}
