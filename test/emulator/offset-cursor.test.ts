import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import { array, at, call, createBoard, type JsonObject, startQuiet, text, title } from "./harness.ts";

interface Numbered {
  readonly emulator: Emulator;
  readonly dataSourceId: string;
  readonly ids: readonly string[];
  query(body: JsonObject): Promise<JsonObject>;
}

/** Rows "0", "1", … with their number, sorted by it in the tests. */
async function startNumbered(count: number): Promise<Numbered> {
  const emulator = await startQuiet({ cursorStyle: "offset" });
  const { dataSourceId } = createBoard(emulator, { Name: { title: {} }, Count: { number: {} } });
  const ids = emulator.workspace.addRows(dataSourceId, count, (index) => ({
    properties: { Name: title(String(index)), Count: { number: index } },
  }));
  const query: Numbered["query"] = async (body) =>
    (await call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, { body })).body;
  return { emulator, dataSourceId, ids, query };
}

function names(page: JsonObject): string[] {
  return array(page.results).map((row) => text(at(row, "properties.Name.title.0.plain_text")));
}

const body = {
  filter: { property: "Count", number: { less_than: 1000 } },
  sorts: [{ property: "Count" }],
  page_size: 2,
};

describe("a query under an offset cursor", () => {
  it("skips a row when one before it left, and repeats one when another entered", async () => {
    const { emulator, dataSourceId, ids, query } = await startNumbered(6);
    await using _ = emulator;
    const first = await query(body);
    emulator.workspace.editPage(text(ids[0]), { properties: { Count: { number: 5000 } } });
    const second = await query({ ...body, start_cursor: text(first.next_cursor) });
    expect([names(first), names(second)]).toEqual([
      ["0", "1"],
      ["3", "4"],
    ]);
    const properties = { Name: title("new"), Count: { number: -1 } };
    emulator.workspace.createPage({ parent: { dataSourceId }, properties });
    const third = await query({ ...body, start_cursor: text(second.next_cursor) });
    expect([names(third), third.has_more]).toEqual([["4", "5"], false]);
  });

  it("reads every row once when nothing changes", async () => {
    const { emulator, query } = await startNumbered(5);
    await using _ = emulator;
    const first = await query(body);
    const second = await query({ ...body, start_cursor: text(first.next_cursor) });
    const third = await query({ ...body, start_cursor: text(second.next_cursor) });
    expect([first, second, third].flatMap(names)).toEqual(["0", "1", "2", "3", "4"]);
    expect(third.next_cursor).toBeNull();
  });

  it("ends when nothing is left at its place, and goes on when rows came to its end", async () => {
    const { emulator, dataSourceId, ids, query } = await startNumbered(4);
    await using _ = emulator;
    const first = await query(body);
    const second = await query({ ...body, page_size: 1, start_cursor: text(first.next_cursor) });
    emulator.workspace.addRows(dataSourceId, 3, (index) => ({
      properties: { Count: { number: 10 + index } },
    }));
    const grown = await query({ ...body, page_size: 4, start_cursor: text(second.next_cursor) });
    expect([array(grown.results).length, grown.has_more]).toEqual([4, false]);
    for (const id of ids) emulator.workspace.trashPage(id);
    const shrunk = await query({ ...body, start_cursor: text(second.next_cursor) });
    expect(shrunk).toMatchObject({ results: [], has_more: false, next_cursor: null });
  });
});
