import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { array, call, type JsonObject, object, text, title } from "../harness.ts";
import { computed, groups, on, sorts } from "./filter-groups.ts";
import { rows, tables } from "./filter-tables.ts";
import { addRow, startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  for (const [name, row] of Object.entries(rows)) await addRow(world, { title: title(name), ...row(world) });
});
afterAll(() => world[Symbol.asyncDispose]());

const byTitle = [{ property: "title", direction: "ascending" }];

/** Rows found at every version; they must agree. */
async function find(body: JsonObject): Promise<string> {
  const found = new Set<string>();
  for (const version of ["2022-06-28", "2025-09-03", "2026-03-11"]) found.add(await findAt(version, body));
  expect([...found]).toHaveLength(1);
  return [...found].join();
}

async function findAt(version: string, body: JsonObject): Promise<string> {
  const source = await world.ask(`GET /v1/data_sources/${world.dataSourceId}`);
  const databaseId = text(object(source.parent).database_id);
  const place = version === "2022-06-28" ? `databases/${databaseId}` : `data_sources/${world.dataSourceId}`;
  const list = await world.ask(`POST /v1/${place}/query`, body, version);
  const titles = array(list.results).map((page) => object(object(object(page).properties).title).title);
  return titles.map((items) => text(object(array(items ?? null)[0] ?? null).plain_text)).join("");
}

describe("a filter on a column", () => {
  const all = tables.flatMap(({ column, key, truths }) =>
    Object.entries(truths).flatMap(([operator, list]) =>
      list.map(([wanted, finds]) => ({ column, key, operator, wanted, finds })),
    ),
  );

  it.each(all)(
    "$column, $key: $operator $wanted finds $finds",
    async ({ column, key, operator, wanted, finds }) => {
      const value = typeof wanted === "function" ? wanted(world) : wanted;
      expect(await find({ filter: on(column, key, { [operator]: value }), sorts: byTitle })).toBe(finds);
    },
  );

  it.each(computed)("%s: %j finds %s", async (column, condition, finds) => {
    const kind = column.split(" ")[0] ?? column;
    expect(await find({ filter: on(column, kind, condition), sorts: byTitle })).toBe(finds);
  });

  it.each(["title", "url", "email", "phone_number"])(
    "of type %s may be called rich_text as well",
    async (column) => {
      expect(await find({ filter: on(column, "rich_text", { is_empty: true }), sorts: byTitle })).toBe(
        column === "title" ? "" : "cd",
      );
    },
  );

  it("is told by id as well as by name, percent-encoded or not", async () => {
    const source = await world.ask(`GET /v1/data_sources/${world.dataSourceId}`);
    const id = text(object(object(source.properties).number).id);
    for (const property of [id, decodeURIComponent(id)])
      expect(await find({ filter: on(property, "number", { equals: 10 }) })).toBe("b");
  });

  it.each(tables.map(({ column, key }) => [column, key]))(
    "%s refuses an operator it does not have",
    async (column, key) => {
      const path = `POST /v1/data_sources/${world.dataSourceId}/query`;
      for (const condition of [{ resembles: "x" }, { resembles: true }, {}]) {
        const { status, body } = await call(world.emulator, path, {
          body: { filter: on(column, key, condition) },
        });
        expect([status, body.code]).toEqual([400, "validation_error"]);
      }
    },
  );
});

describe("a filter", () => {
  it.each(groups)("%j finds %s", async (filter, finds) => {
    expect(await find({ filter, sorts: byTitle })).toBe(finds);
  });
});

describe("sorts", () => {
  it.each(sorts)("%j give %s, empty values last", async (by, order) => {
    expect(await find({ sorts: by })).toBe(order);
  });
});

describe("filter_properties", () => {
  it.each([
    ["filter_properties=number&filter_properties=title", ["title", "number"]],
    ["filter_properties[]=number", ["number"]],
    ["filter_properties=title", ["title"]],
  ])("%s leaves %j, in a query, in a page and in what a write answers", async (query, columns) => {
    const path = `data_sources/${world.dataSourceId}/query?${query}`;
    const [first] = array((await world.ask(`POST /v1/${path}`, { sorts: byTitle })).results);
    const id = text(object(first ?? null).id);
    const page = await world.ask(`GET /v1/pages/${id}?${query}`);
    const written = await world.ask(`PATCH /v1/pages/${id}?${query}`, {
      properties: { checkbox: { checkbox: true } },
    });
    for (const shown of [object(first ?? null), page, written])
      expect(Object.keys(object(shown.properties)).sort()).toEqual([...columns].sort());
  });
});
