import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Emulator, EmulatorOptions } from "../../src/emulator/index.ts";
import {
  array,
  at,
  call,
  createBoard,
  type Json,
  type JsonObject,
  object,
  startQuiet,
  text,
  title,
} from "./harness.ts";

const minuteMs = 60_000;
const ada = "00000000-0000-4000-8000-00000000000a";
const grace = "00000000-0000-4000-8000-00000000000b";

/** Three rows that differ in every column; "c" is empty but for its title. */
async function startWithRows(): Promise<{
  emulator: Emulator;
  dataSourceId: string;
  ids: readonly string[];
}> {
  const emulator = await startQuiet({
    seed: {
      people: [
        { id: ada, name: "Ada" },
        { id: grace, name: "Grace" },
      ],
    },
  });
  const { dataSourceId } = createBoard(emulator, {
    Name: { title: {} },
    Text: { rich_text: {} },
    Count: { number: {} },
    Kind: { select: { options: [{ name: "Bug" }, { name: "Wish" }] } },
    Tags: { multi_select: {} },
    State: { status: {} },
    Due: { date: {} },
    Who: { people: {} },
    Files: { files: {} },
    Done: { checkbox: {} },
    Link: { url: {} },
    Mail: { email: {} },
    Phone: { phone_number: {} },
    Number: { unique_id: { prefix: "B" } },
    Made: { created_time: {} },
    Maker: { created_by: {} },
    Label: { formula: { expression: 'prop("Name") + "!"' } },
    Twice: { formula: { expression: 'prop("Count") + prop("Count")' } },
    Checked: { verification: {} },
  });
  const { workspace } = emulator;
  workspace.addProperty(dataSourceId, "Next", {
    relation: { data_source_id: dataSourceId, single_property: {} },
  });
  const rollup = { relation_property_name: "Next", rollup_property_name: "Count" };
  workspace.addProperty(dataSourceId, "Sum", { rollup: { ...rollup, function: "sum" } });
  workspace.addProperty(dataSourceId, "Counts", { rollup: { ...rollup, function: "show_original" } });
  const ids = workspace.addRows(dataSourceId, 3, (index) => ({
    properties: [full("a", ada), full("b", grace), { Name: title("c") }][index] ?? {},
    createdAt: Date.parse("2026-11-01T10:00:00Z") + index * minuteMs,
    createdBy: index === 0 ? ada : grace,
  }));
  const [a, b] = ids.map(text);
  workspace.editPage(text(a), {
    properties: { Next: { relation: [{ id: text(b) }] } },
    at: "2026-11-01T11:00:00Z",
  });
  return { emulator, dataSourceId, ids };
}

function full(name: "a" | "b", person: string): JsonObject {
  const isFirst = name === "a";
  return {
    Name: title(name),
    Text: { rich_text: [{ text: { content: isFirst ? "Alpha beta" : "Gamma" } }] },
    Count: { number: isFirst ? 1 : 5 },
    Kind: { select: { name: isFirst ? "Bug" : "Wish" } },
    Tags: { multi_select: isFirst ? [{ name: "x" }, { name: "y" }] : [{ name: "y" }] },
    State: { status: { name: isFirst ? "Done" : "In progress" } },
    Due: { date: { start: isFirst ? "2026-11-21" : "2026-12-01T12:30:00+02:00", end: null } },
    Who: { people: [{ id: person }] },
    Files: { files: isFirst ? [{ name: "f", external: { url: "https://example.com/f" } }] : [] },
    Done: { checkbox: isFirst },
    Link: { url: isFirst ? "https://example.com/a" : "https://example.org/b" },
    Mail: { email: `${name}@example.com` },
    Phone: { phone_number: isFirst ? "+1 555" : "+44 20" },
    Checked: { verification: { state: isFirst ? "verified" : "unverified" } },
  };
}

/** `filter` finds the rows named: of a, b, c. */
interface Case {
  readonly filter: JsonObject;
  readonly finds: string;
}

const on = (property: string, condition: JsonObject): JsonObject => ({ property, ...condition });

const cases: readonly Case[] = [
  { filter: on("Name", { title: { equals: "A" } }), finds: "a" },
  { filter: on("Name", { rich_text: { does_not_equal: "a" } }), finds: "bc" },
  { filter: on("Text", { rich_text: { contains: "BETA" } }), finds: "a" },
  { filter: on("Text", { rich_text: { does_not_contain: "beta" } }), finds: "bc" },
  { filter: on("Text", { rich_text: { starts_with: "gam" } }), finds: "b" },
  { filter: on("Text", { rich_text: { ends_with: "beta" } }), finds: "a" },
  { filter: on("Text", { rich_text: { is_empty: true } }), finds: "c" },
  { filter: on("Text", { rich_text: { is_not_empty: true } }), finds: "ab" },
  { filter: on("Count", { number: { equals: 5 } }), finds: "b" },
  { filter: on("Count", { number: { does_not_equal: 5 } }), finds: "ac" },
  { filter: on("Count", { number: { greater_than: 1 } }), finds: "b" },
  { filter: on("Count", { number: { less_than: 5 } }), finds: "a" },
  { filter: on("Count", { number: { greater_than_or_equal_to: 1 } }), finds: "ab" },
  { filter: on("Count", { number: { less_than_or_equal_to: 1 } }), finds: "a" },
  { filter: on("Count", { number: { is_empty: true } }), finds: "c" },
  { filter: on("Kind", { select: { equals: "bug" } }), finds: "a" },
  { filter: on("Kind", { select: { equals: ["Bug", "Wish"] } }), finds: "ab" },
  { filter: on("Kind", { select: { does_not_equal: "Bug" } }), finds: "bc" },
  { filter: on("Kind", { select: { is_not_empty: true } }), finds: "ab" },
  { filter: on("Tags", { multi_select: { contains: "x" } }), finds: "a" },
  { filter: on("Tags", { multi_select: { does_not_contain: "x" } }), finds: "bc" },
  { filter: on("Tags", { multi_select: { contains: ["x", "y"] } }), finds: "ab" },
  { filter: on("Tags", { multi_select: { is_empty: true } }), finds: "c" },
  { filter: on("State", { status: { equals: "Not started" } }), finds: "c" },
  { filter: on("State", { status: { equals: ["Complete"] } }), finds: "a" },
  { filter: on("State", { status: { does_not_equal: "Done" } }), finds: "bc" },
  { filter: on("Due", { date: { equals: "2026-12-01" } }), finds: "b" },
  { filter: on("Due", { date: { equals: "2026-12-01T10:30:00Z" } }), finds: "b" },
  { filter: on("Due", { date: { before: "2026-12-01" } }), finds: "a" },
  { filter: on("Due", { date: { after: "2026-11-21" } }), finds: "b" },
  { filter: on("Due", { date: { on_or_before: "2026-11-21" } }), finds: "a" },
  { filter: on("Due", { date: { on_or_after: "2026-11-21" } }), finds: "ab" },
  { filter: on("Due", { date: { equals: "today" } }), finds: "a" },
  { filter: on("Due", { date: { after: "tomorrow" } }), finds: "b" },
  { filter: on("Due", { date: { after: "one_week_from_now" } }), finds: "b" },
  { filter: on("Due", { date: { before: "one_month_from_now" } }), finds: "ab" },
  { filter: on("Due", { date: { this_week: {} } }), finds: "a" },
  { filter: on("Due", { date: { next_month: {} } }), finds: "ab" },
  { filter: on("Due", { date: { next_week: {} } }), finds: "a" },
  { filter: on("Due", { date: { past_year: {} } }), finds: "a" },
  { filter: on("Due", { date: { is_empty: true } }), finds: "c" },
  { filter: on("Who", { people: { contains: ada } }), finds: "a" },
  { filter: on("Who", { people: { does_not_contain: ada } }), finds: "bc" },
  { filter: on("Who", { people: { contains: "me" } }), finds: "" },
  { filter: on("Who", { people: { is_not_empty: true } }), finds: "ab" },
  { filter: on("Files", { files: { is_empty: true } }), finds: "bc" },
  { filter: on("Files", { files: { is_not_empty: true } }), finds: "a" },
  { filter: on("Done", { checkbox: { equals: true } }), finds: "a" },
  { filter: on("Done", { checkbox: { does_not_equal: true } }), finds: "bc" },
  { filter: on("Link", { url: { contains: "example.org" } }), finds: "b" },
  { filter: on("Mail", { email: { starts_with: "a@" } }), finds: "a" },
  { filter: on("Phone", { phone_number: { ends_with: "20" } }), finds: "b" },
  { filter: on("Number", { unique_id: { greater_than: 1 } }), finds: "bc" },
  { filter: on("Made", { created_time: { on_or_after: "2026-11-01T10:01:00Z" } }), finds: "bc" },
  { filter: on("Maker", { created_by: { contains: ada } }), finds: "a" },
  { filter: on("Label", { formula: { string: { equals: "b!" } } }), finds: "b" },
  { filter: on("Twice", { formula: { number: { greater_than: 2 } } }), finds: "b" },
  { filter: on("Checked", { verification: { status: "verified" } }), finds: "a" },
  { filter: on("Checked", { verification: { does_not_equal: "verified" } }), finds: "bc" },
  { filter: on("Next", { relation: { is_not_empty: true } }), finds: "a" },
  { filter: on("Sum", { rollup: { number: { equals: 5 } } }), finds: "a" },
  { filter: on("Counts", { rollup: { any: { number: { equals: 5 } } } }), finds: "a" },
  { filter: on("Counts", { rollup: { every: { number: { greater_than: 9 } } } }), finds: "bc" },
  { filter: on("Counts", { rollup: { none: { number: { equals: 5 } } } }), finds: "bc" },
  { filter: { timestamp: "created_time", created_time: { before: "2026-11-01T10:01:00Z" } }, finds: "a" },
  {
    filter: { timestamp: "last_edited_time", last_edited_time: { on_or_after: "2026-11-01T11:00:00Z" } },
    finds: "a",
  },
  { filter: { timestamp: "created_time", created_time: { past_month: {} } }, finds: "abc" },
  {
    filter: {
      or: [
        on("Name", { title: { equals: "c" } }),
        { and: [on("Done", { checkbox: { equals: true } }), on("Count", { number: { equals: 1 } })] },
      ],
    },
    finds: "ac",
  },
];

describe("a filter", () => {
  let started: Awaited<ReturnType<typeof startWithRows>>;
  beforeAll(async () => {
    started = await startWithRows();
  });
  afterAll(() => started.emulator.close());

  const query = async (body: JsonObject): Promise<string> => {
    const answer = await call(started.emulator, `POST /v1/data_sources/${started.dataSourceId}/query`, {
      body,
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return names(answer.body).join("");
  };

  it.each(cases)("$filter finds $finds", async ({ filter, finds }) => {
    expect(await query({ filter, sorts: [{ property: "Name" }] })).toBe(finds);
  });

  it.each([
    [on("Nope", { title: { equals: "a" } }), "Could not find property with name or id: Nope"],
    [on("Count", { rich_text: { equals: "a" } }), "database property number does not match filter rich_text"],
    [on("Count", { number: { equals: "1" } }), "body.filter.number.equals should be a number"],
    [on("Count", { number: { contains: 1 } }), "body.filter.number.contains should be not present"],
    [on("Count", { number: { constructor: 1 } }), "body.filter.number.constructor should be not present"],
    [
      on("Due", { date: { before: "soon" } }),
      "body.filter.date.before should be a valid ISO 8601 date string",
    ],
    [{ and: [{ or: [{ and: [] }] }] }, "body.filter.and[0].or[0].and should be not present"],
    [{}, "body failed validation. Fix one:\nbody.filter.or should be defined"],
  ])("%j is refused: %s", async (filter, message) => {
    const answer = await call(started.emulator, `POST /v1/data_sources/${started.dataSourceId}/query`, {
      body: { filter },
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: "validation_error",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    [[{ property: "Count", direction: "descending" }], "bac"],
    [[{ property: "Count", direction: "ascending" }], "abc"],
    [[{ property: "Kind", direction: "descending" }], "bac"],
    [[{ timestamp: "created_time", direction: "descending" }], "cba"],
    [[{ timestamp: "last_edited_time", direction: "ascending" }], "bca"],
    [
      [
        { property: "Done", direction: "ascending" },
        { property: "Name", direction: "descending" },
      ],
      "cba",
    ],
  ])("sorts %j give %s", async (sorts, order) => {
    expect(await query({ sorts })).toBe(order);
  });

  it("shows only the columns that filter_properties names, by id or name", async () => {
    const path = `POST /v1/data_sources/${started.dataSourceId}/query?filter_properties=title&filter_properties[]=Count`;
    const { body } = await call(started.emulator, path, { body: {} });
    expect(Object.keys(object(at(body, "results.0.properties")))).toEqual(["Name", "Count"]);
  });
});

function names(list: JsonObject): string[] {
  return array(list.results).map((page) => text(at(page, "properties.Name.title.0.plain_text")));
}

/** A board of numbered rows, one a minute. */
async function startNumbered(
  rows: number,
  options: EmulatorOptions = {},
): Promise<{
  emulator: Emulator;
  query: (body?: JsonObject) => Promise<JsonObject>;
  ids: readonly string[];
}> {
  const emulator = await startQuiet(options);
  const { dataSourceId } = createBoard(emulator, { Name: { title: {} }, Count: { number: {} } });
  const ids = emulator.workspace.addRows(dataSourceId, rows, (index) => ({
    properties: { Name: title(`row ${index}`), Count: { number: index } },
    createdAt: Date.parse("2026-01-01T00:00:00Z") + index * minuteMs,
  }));
  const query = async (body: JsonObject = {}): Promise<JsonObject> => {
    const answer = await call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, { body });
    return answer.status === 200 ? answer.body : { ...answer.body, status: answer.status };
  };
  return { emulator, query, ids };
}

async function readAll(
  query: (body: JsonObject) => Promise<JsonObject>,
  body: JsonObject = {},
): Promise<JsonObject[]> {
  const pages: JsonObject[] = [];
  for (let cursor: Json | undefined = null; cursor !== undefined; ) {
    const page: JsonObject = await query(cursor === null ? body : { ...body, start_cursor: cursor });
    pages.push(page);
    cursor = page.has_more === true ? page.next_cursor : undefined;
  }
  return pages;
}

const rowsIn = (pages: readonly JsonObject[]): string[] => pages.flatMap(names);

describe("paging", () => {
  it("gives every row once, 100 at a time, and no request_status when complete", async () => {
    const { emulator, query } = await startNumbered(250);
    await using _ = emulator;
    const pages = await readAll(query);
    expect(pages.map((page) => array(page.results).length)).toEqual([100, 100, 50]);
    expect(new Set(rowsIn(pages)).size).toBe(250);
    expect(pages.some((page) => "request_status" in page)).toBe(false);
    expect(pages[0]).toMatchObject({ object: "list", type: "page_or_data_source", page_or_data_source: {} });
  });

  it("gives unsorted rows in another order than they were made, the same at every query", async () => {
    const { emulator, query, ids } = await startNumbered(60);
    await using _ = emulator;
    const [first, second] = [await query(), await query()];
    const order = array(first?.results).map((page) => text(object(page).id));
    expect(order).not.toEqual(ids);
    expect(order.toSorted()).toEqual([...ids].toSorted());
    expect(array(second?.results).map((page) => object(page).id)).toEqual(order);
  });

  it("keeps rows of one minute in one order, whatever page they fall on", async () => {
    const emulator = await startQuiet();
    await using _ = emulator;
    const { dataSourceId } = createBoard(emulator, { Name: { title: {} } });
    emulator.workspace.addRows(dataSourceId, 30, (index) => ({
      properties: { Name: title(`${index}`) },
      createdAt: 1e12 + index * 1000,
    }));
    const body = { sorts: [{ timestamp: "created_time", direction: "ascending" }] };
    const query = async (more: JsonObject): Promise<JsonObject> =>
      (await call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, { body: more })).body;
    const whole = rowsIn(await readAll(query, body));
    expect(rowsIn(await readAll(query, { ...body, page_size: 7 }))).toEqual(whole);
    expect(whole).not.toEqual(whole.toSorted((left, right) => Number(left) - Number(right)));
  });

  it("ends at the cap with request_status incomplete, and says nothing of it before", async () => {
    const { emulator, query } = await startNumbered(251, { queryCap: 250 });
    await using _ = emulator;
    const pages = await readAll(query);
    expect(rowsIn(pages)).toHaveLength(250);
    expect(pages.slice(0, -1).every((page) => !("request_status" in page))).toBe(true);
    expect(pages.at(-1)).toMatchObject({
      has_more: false,
      next_cursor: null,
      request_status: { type: "incomplete", incomplete_reason: "query_result_limit_reached" },
    });
  });

  it("is complete when there are exactly as many rows as the cap", async () => {
    const { emulator, query } = await startNumbered(250, { queryCap: 250 });
    await using _ = emulator;
    expect((await readAll(query)).at(-1)).not.toHaveProperty("request_status");
  });

  it("answers the same cursor twice with the same rows", async () => {
    const { emulator, query } = await startNumbered(30);
    await using _ = emulator;
    const first = await query({ page_size: 10 });
    const cursor = text(first.next_cursor);
    const [once, again] = [
      await query({ page_size: 10, start_cursor: cursor }),
      await query({ page_size: 10, start_cursor: cursor }),
    ];
    expect(names(once)).toEqual(names(again));
  });

  it("refuses a cursor it never gave, one of another query, and one that expired", async () => {
    const { emulator, query } = await startNumbered(30);
    await using _ = emulator;
    const cursor = text((await query({ page_size: 10 })).next_cursor);
    const refusal = {
      status: 400,
      code: "validation_error",
      message: "The start_cursor provided is invalid",
    };
    expect(await query({ start_cursor: "nonsense" })).toMatchObject(refusal);
    expect(await query({ start_cursor: cursor, sorts: [{ property: "Count" }] })).toMatchObject(refusal);
    emulator.workspace.expireCursors();
    expect(await query({ start_cursor: cursor })).toMatchObject(refusal);
  });

  it.each([
    [0, "body.page_size should be a number greater than 0"],
    [101, "body.page_size should be ≤ `100`"],
  ])("refuses page_size %i", async (size, message) => {
    const { emulator, query } = await startNumbered(1);
    await using _ = emulator;
    expect(await query({ page_size: size })).toMatchObject({
      status: 400,
      message: expect.stringContaining(message),
    });
  });
});

describe("a query whose rows change between pages", () => {
  const filter = { property: "Count", number: { less_than: 1000 } };

  it.each([
    ["live", 25],
    ["snapshot", 26],
  ] as const)(
    "under a %s cursor gives %i of 30 rows after one left the filter and four went away",
    async (cursorStyle, count) => {
      const { emulator, query } = await startNumbered(30, { cursorStyle });
      await using _ = emulator;
      const body = { filter, sorts: [{ property: "Count" }], page_size: 10 };
      const first = await query(body);
      const { workspace } = emulator;
      const rows = workspace.rows(text(at(first, "results.0.parent.data_source_id")));
      const id = (number: number): string => text(rows.find((row) => row.properties.Count === number)?.id);
      workspace.trashPage(id(15));
      workspace.archivePage(id(16));
      workspace.deletePage(id(17));
      workspace.unshare(id(18));
      workspace.editPage(id(19), { properties: { Count: { number: 5000 } } });
      const rest = await readAll(query, { ...body, start_cursor: text(first.next_cursor) });
      expect(names(first).length + rowsIn(rest).length).toBe(count);
    },
  );

  it("shows a row as it is when its page is read", async () => {
    const { emulator, query } = await startNumbered(20);
    await using _ = emulator;
    const body = { sorts: [{ property: "Count" }], page_size: 10 };
    const first = await query(body);
    const rows = emulator.workspace.rows(text(at(first, "results.0.parent.data_source_id")));
    emulator.workspace.editPage(text(rows[15]?.id), { properties: { Name: title("changed") } });
    expect(names(await query({ ...body, start_cursor: text(first.next_cursor) }))).toContain("changed");
  });
});

describe("what a query leaves out", () => {
  it("hides trashed rows always and archived rows unless they are asked for", async () => {
    const { emulator, query, ids } = await startNumbered(3);
    await using _ = emulator;
    emulator.workspace.trashPage(text(ids[0]));
    emulator.workspace.archivePage(text(ids[1]));
    expect(names(await query())).toEqual(["row 2"]);
    expect(names(await query({ is_archived: true }))).toEqual(["row 1"]);
    emulator.workspace.unarchivePage(text(ids[1]));
    emulator.workspace.restorePage(text(ids[0]));
    expect(names(await query())).toHaveLength(3);
  });
});

describe("25,000 rows", () => {
  it("are read to the end in 250 pages through created_time windows under the cap", async () => {
    const { emulator, query } = await startNumbered(25_000);
    await using _ = emulator;
    const seen = new Set<string>();
    let pages = 0;
    let from = "2026-01-01T00:00:00.000Z";
    for (let isComplete = false; !isComplete; ) {
      const body = {
        filter: { timestamp: "created_time", created_time: { on_or_after: from } },
        sorts: [{ timestamp: "created_time", direction: "ascending" }],
      };
      const window = await readAll(query, body);
      pages += window.length;
      for (const page of window.flatMap((each) => array(each.results))) {
        seen.add(text(object(page).id));
        from = text(object(page).created_time);
      }
      isComplete = window.at(-1)?.request_status === undefined;
    }
    expect(seen.size).toBe(25_000);
    // The cap makes three windows, which overlap by the row they meet at.
    expect(pages).toBe(251);
  });
});
