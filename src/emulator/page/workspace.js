import { byId } from "./elements.js";

export const pageSize = 100;

/** What the page shows: the choice made, and what the emulator last told of it. */
export const shown = {
  sourceId: decodeURIComponent(location.hash.slice(1)),
  offset: 0,
  state: null,
  database: null,
  source: null,
  columns: [],
  rows: [],
  hasMore: false,
  /** By data source, the titles of rows by id: those that relations may point at. */
  titles: new Map(),
};

const listeners = new Set();
let loads = 0;

/** Calls back after each load, until the returned function is called. */
export function whenLoaded(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export async function ask(path, body) {
  const headers = { "content-type": "application/json" };
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers };
  const response = await fetch(`/_emulator${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message ?? `HTTP ${response.status}`);
  return answer;
}

/** Does something as the chosen person, then shows how things are now, also when it was refused. */
export async function act(action, inputs) {
  try {
    return await ask("/person", { action, by: byId("person").value || undefined, ...inputs });
  } finally {
    await load();
  }
}

export function choose(sourceId, offset = 0) {
  shown.sourceId = sourceId;
  shown.offset = offset;
  history.replaceState(null, "", `#${encodeURIComponent(sourceId)}`);
  return load();
}

export async function load() {
  const turn = ++loads;
  const state = await ask("/state");
  const holds = ({ dataSources }) => dataSources.some(({ id }) => id === shown.sourceId);
  const database = state.databases.find(holds) ?? null;
  const source = database?.dataSources.find(({ id }) => id === shown.sourceId) ?? null;
  const contents = source === null ? {} : await contentsOf(source.id);
  // A later load knows better.
  if (turn !== loads) return;
  Object.assign(shown, { state, database, source, ...contents });
  for (const listener of listeners) listener();
}

async function contentsOf(sourceId) {
  const [columns, rows] = await Promise.all([columnsOf(sourceId), rowsOf(sourceId, shown.offset)]);
  const related = new Set(columns.flatMap((column) => column.relation?.data_source_id ?? []));
  const titles = new Map(await Promise.all([...related].map(async (id) => [id, await titlesOf(id)])));
  return { columns, rows: rows.slice(0, pageSize), hasMore: rows.length > pageSize, titles };
}

/** The title comes first, as in Notion. */
async function columnsOf(sourceId) {
  const { properties } = await ask(`/schema?data_source=${encodeURIComponent(sourceId)}`);
  return Object.values(properties).sort((a, b) => (b.type === "title") - (a.type === "title"));
}

/** One more than are shown tells whether there are more. */
async function rowsOf(sourceId, offset) {
  const range = `limit=${pageSize + 1}&offset=${offset}`;
  return (await ask(`/rows?data_source=${encodeURIComponent(sourceId)}&${range}`)).rows;
}

async function titlesOf(sourceId) {
  const [[title], rows] = await Promise.all([columnsOf(sourceId), rowsOf(sourceId, 0)]);
  return new Map(rows.map((row) => [row.id, titleOf(row, title)]));
}

export function titleOf(row, titleColumn = shown.columns[0]) {
  const items = row.properties[titleColumn.name] ?? [];
  return items.map((item) => item.plain_text).join("") || "Untitled";
}

/** The row as it was told last. */
export function rowNow(rowId) {
  return shown.rows.find(({ id }) => id === rowId);
}

/** The name of a person or connection, where the workspace knows one. */
export function nameOf(userId) {
  const { people, connections } = shown.state;
  const found = people.find(({ id }) => id === userId) ?? connections.find(({ botId }) => botId === userId);
  return found?.name ?? userId;
}
