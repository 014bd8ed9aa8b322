import type { Emulator } from "../../../src/emulator/index.ts";
import {
  call,
  createBoard,
  type Json,
  type JsonObject,
  object,
  startQuiet,
  text,
  title,
} from "../harness.ts";

export const ada = "00000000-0000-4000-8000-00000000000a";
export const grace = "00000000-0000-4000-8000-00000000000b";

export interface World extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly dataSourceId: string;
  /** Rows of another data source, called one, two and three, that relations point at. */
  readonly others: { readonly [name: string]: string };
  /** Sends a request and gives the answer's body; refuses any status but 200. */
  ask(line: string, body?: Json, version?: string): Promise<JsonObject>;
}

const otherColumns: JsonObject = {
  Name: { title: {} },
  Weight: { number: {} },
  Day: { date: {} },
  Open: { checkbox: {} },
};

const otherRows: { readonly [name: string]: JsonObject } = {
  one: { Weight: { number: 1 }, Day: { date: { start: "2026-11-01" } }, Open: { checkbox: true } },
  two: { Weight: { number: 2 }, Day: { date: { start: "2026-12-24" } }, Open: { checkbox: false } },
  three: { Open: { checkbox: true } },
};

/** Every type of column, each under the name of its type, and what they need to point at. */
export async function startWorld(): Promise<World> {
  const people = [
    { id: ada, name: "Ada", email: "ada@example.com" },
    { id: grace, name: "Grace", email: "grace@example.com" },
  ];
  const emulator = await startQuiet({ seed: { people } });
  const ask = async (line: string, body?: Json, version?: string): Promise<JsonObject> => {
    const request = {
      ...(body === undefined ? {} : { body }),
      ...(version === undefined ? {} : { version }),
    };
    const answer = await call(emulator, line, request);
    if (answer.status !== 200) throw new Error(`${line}: ${answer.status} ${String(answer.body.message)}`);
    return answer.body;
  };
  const { dataSourceId: otherId } = createBoard(emulator, otherColumns);
  const others: { [name: string]: string } = {};
  for (const [name, properties] of Object.entries(otherRows)) {
    const parent = { data_source_id: otherId };
    const page = await ask("POST /v1/pages", { parent, properties: { Name: title(name), ...properties } });
    others[name] = text(page.id);
  }
  const { dataSourceId } = createBoard(emulator, columns);
  await ask(`PATCH /v1/data_sources/${dataSourceId}`, {
    properties: { relation: { relation: { data_source_id: otherId, single_property: {} } }, ...rollups() },
  });
  return { emulator, dataSourceId, others, ask, [Symbol.asyncDispose]: () => emulator.close() };
}

const options = [{ name: "Low", color: "blue" }, { name: "High", color: "red" }, { name: "Top" }];

const columns: JsonObject = {
  title: { title: {} },
  rich_text: { rich_text: {} },
  number: { number: { format: "euro" } },
  select: { select: { options } },
  multi_select: { multi_select: { options } },
  status: { status: {} },
  date: { date: {} },
  people: { people: {} },
  files: { files: {} },
  checkbox: { checkbox: {} },
  url: { url: {} },
  email: { email: {} },
  phone_number: { phone_number: {} },
  formula: { formula: { expression: 'prop("number") + prop("number")' } },
  "formula string": { formula: { expression: 'concat(prop("title"), "!")' } },
  "formula checkbox": { formula: { expression: 'prop("checkbox")' } },
  "formula date": { formula: { expression: 'prop("date")' } },
  created_time: { created_time: {} },
  last_edited_time: { last_edited_time: {} },
  created_by: { created_by: {} },
  last_edited_by: { last_edited_by: {} },
  unique_id: { unique_id: { prefix: "ROW" } },
  verification: { verification: {} },
  button: { button: {} },
  place: { place: {} },
};

function rollups(): JsonObject {
  const rollup = (column: string, name: string): JsonObject => ({
    rollup: { relation_property_name: "relation", rollup_property_name: column, function: name },
  });
  return {
    rollup: rollup("Weight", "sum"),
    "rollup names": rollup("Name", "show_original"),
    "rollup weights": rollup("Weight", "show_original"),
    "rollup days": rollup("Day", "show_original"),
    "rollup open": rollup("Open", "show_original"),
    "rollup latest": rollup("Day", "latest_date"),
  };
}

/** Adds a row over the API and gives its id. */
export async function addRow(world: World, properties: JsonObject): Promise<string> {
  const page = await world.ask("POST /v1/pages", {
    parent: { data_source_id: world.dataSourceId },
    properties,
  });
  return text(page.id);
}

/** What a page shows under a column: the value alone. */
export function valueIn(page: JsonObject, column: string): Json | undefined {
  const entry = object(object(page.properties)[column]);
  return entry[text(entry.type)];
}
