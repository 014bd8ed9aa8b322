import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import { array, at, call, createBoard, type JsonObject, object, startQuiet, text, title } from "./harness.ts";

interface Board {
  readonly emulator: Emulator;
  readonly dataSourceId: string;
  readonly create: (properties: JsonObject) => Promise<JsonObject>;
  readonly read: (id: string) => Promise<JsonObject>;
}

async function startBoard(properties: JsonObject): Promise<Board> {
  const emulator = await startQuiet();
  const { dataSourceId } = createBoard(emulator, { Name: { title: {} }, ...properties });
  return {
    emulator,
    dataSourceId,
    create: async (values) =>
      (
        await call(emulator, "POST /v1/pages", {
          body: { parent: { data_source_id: dataSourceId }, properties: values },
        })
      ).body,
    read: async (id) => (await call(emulator, `GET /v1/pages/${id}`)).body,
  };
}

const options = (page: JsonObject, name: string): string => text(at(page, `properties.${name}.select.name`));

describe("options", () => {
  it("are made by writing a new name to a select or multi_select", async () => {
    const { emulator, create, dataSourceId } = await startBoard({
      Kind: { select: {} },
      Tags: { multi_select: {} },
    });
    await using _ = emulator;
    const page = await create({
      Kind: { select: { name: "New" } },
      Tags: { multi_select: [{ name: "a" }, { name: "b" }] },
    });
    expect(options(page, "Kind")).toBe("New");
    const { body } = await call(emulator, `GET /v1/data_sources/${dataSourceId}`);
    expect(array(at(body, "properties.Tags.multi_select.options"))).toMatchObject([
      { name: "a" },
      { name: "b" },
    ]);
  });

  it("are found whatever the case, and keep their own", async () => {
    const { emulator, create } = await startBoard({
      Kind: { select: { options: [{ name: "Bug", color: "red" }] } },
    });
    await using _ = emulator;
    const page = await create({ Kind: { select: { name: "bUG" } } });
    expect(at(page, "properties.Kind.select")).toMatchObject({ name: "Bug", color: "red" });
  });

  it("of a status are never made; a row without one gets the first", async () => {
    const { emulator, create } = await startBoard({ State: { status: {} } });
    await using _ = emulator;
    expect(at(await create({}), "properties.State.status")).toMatchObject({ name: "Not started" });
    expect(await create({ State: { status: { name: "Unheard of" } } })).toMatchObject({
      status: 400,
      code: "validation_error",
    });
  });

  it("that a schema write leaves out vanish from rows; those it keeps keep name and colour", async () => {
    const { emulator, create, read, dataSourceId } = await startBoard({
      Kind: { select: { options: [{ name: "Bug", color: "red" }, { name: "Wish" }] } },
      State: { status: { options: [{ name: "Open" }, { name: "Shut", group: "Complete" }] } },
    });
    await using _ = emulator;
    const page = await create({ Kind: { select: { name: "Wish" } }, State: { status: { name: "Shut" } } });
    await call(emulator, `PATCH /v1/data_sources/${dataSourceId}`, {
      body: {
        properties: {
          Kind: { select: { options: [{ name: "bug", color: "blue" }] } },
          State: { status: { options: [{ name: "Open" }] } },
        },
      },
    });
    const after = await read(text(page.id));
    expect(at(after, "properties.Kind.select")).toBeNull();
    expect(at(after, "properties.State.status")).toMatchObject({ name: "Open" });
    const { body } = await call(emulator, `GET /v1/data_sources/${dataSourceId}`);
    expect(at(body, "properties.Kind.select.options")).toMatchObject([{ name: "Bug", color: "red" }]);
  });

  it("renamed by a person show their new name in rows that nobody edited", async () => {
    const { emulator, create, read, dataSourceId } = await startBoard({ State: { status: {} } });
    await using _ = emulator;
    const page = await create({});
    emulator.workspace.renameOption(dataSourceId, "State", { from: "Not started", to: "Waiting" });
    const after = await read(text(page.id));
    expect(at(after, "properties.State.status.name")).toBe("Waiting");
    expect(after.last_edited_time).toBe(page.last_edited_time);
  });
});

describe("a page write", () => {
  const schema = {
    Count: { number: {} },
    Link: { url: {} },
    Mail: { email: {} },
    Text: { rich_text: {} },
    Due: { date: {} },
    Who: { people: {} },
    Total: { formula: { expression: "1" } },
    Self: { files: {} },
  };

  it.each([
    [{ Nope: { number: 1 } }, "Nope is not a property that exists."],
    [{ Count: { rich_text: [] } }, "Count is expected to be number."],
    [
      { Count: { number: "1" } },
      'body failed validation: body.properties.Count.number should be a number, instead was `"1"`.',
    ],
    [
      { Link: { url: "x".repeat(2001) } },
      "body.properties.Link.url.length should be ≤ `2000`, instead was `2001`.",
    ],
    [
      { Mail: { email: "x".repeat(201) } },
      "body.properties.Mail.email.length should be ≤ `200`, instead was `201`.",
    ],
    [
      { Text: { rich_text: Array(101).fill({ text: { content: "x" } }) } },
      "body.properties.Text.rich_text.length should be ≤ `100`, instead was `101`.",
    ],
    [
      { Text: { rich_text: [{ text: { content: "x".repeat(2001) } }] } },
      "body.properties.Text.rich_text[0].text.content.length should be ≤ `2000`",
    ],
    [{ Who: { people: [{ id: "AAA" }] } }, "body.properties.Who.people[0].id should be a valid uuid"],
    [
      { Due: { date: { start: "soon" } } },
      "body.properties.Due.date.start should be a valid ISO 8601 date string",
    ],
    [{ Total: { formula: {} } }, "Total is a read-only property"],
  ])("%# is refused and changes nothing: %s", async (properties, message) => {
    const { emulator, create, dataSourceId } = await startBoard(schema);
    await using _ = emulator;
    expect(await create(properties)).toMatchObject({
      status: 400,
      code: "validation_error",
      message: expect.stringContaining(message),
    });
    expect(emulator.workspace.rows(dataSourceId)).toEqual([]);
  });

  it("that is refused in one property leaves the others as they were", async () => {
    const { emulator, create, read } = await startBoard(schema);
    await using _ = emulator;
    const id = text((await create({ Count: { number: 1 } })).id);
    await call(emulator, `PATCH /v1/pages/${id}`, {
      body: { properties: { Count: { number: 2 }, Link: { url: 5 } } },
    });
    expect(at(await read(id), "properties.Count.number")).toBe(1);
  });

  it("reaches a column whatever it is called", async () => {
    const { emulator, create } = await startBoard(
      JSON.parse('{"__proto__": {"number": {}}, "constructor": {"url": {}}}'),
    );
    await using _ = emulator;
    const page = await create(JSON.parse('{"__proto__": {"number": 1}, "constructor": {"url": "u"}}'));
    expect(JSON.stringify(page.properties)).toMatch(
      /"__proto__":{[^}]*"number":1}.*"constructor":{[^}]*"url":"u"}/,
    );
  });

  it("takes property ids, encoded or not, for names", async () => {
    const { emulator, create, dataSourceId } = await startBoard({});
    await using _ = emulator;
    emulator.workspace.addProperty(dataSourceId, "Odd", { id: "%3CnJ%5C", number: {} });
    expect(at(await create({ "<nJ\\": { number: 3 } }), "properties.Odd")).toEqual({
      id: "%3CnJ%5C",
      type: "number",
      number: 3,
    });
    expect(at(await create({ "%3CnJ%5C": { number: 4 } }), "properties.Odd.number")).toBe(4);
  });

  it("reads back merged text, dates with offset, and null, [] or false where nothing was written", async () => {
    const { emulator, create } = await startBoard({
      ...schema,
      Done: { checkbox: {} },
      Kind: { select: {} },
    });
    await using _ = emulator;
    const page = await create({
      Text: {
        rich_text: [
          { text: { content: "one " } },
          { text: { content: "two" } },
          { text: { content: "!" }, annotations: { bold: true } },
        ],
      },
      Due: { date: { start: "2026-02-22T09:00:00", time_zone: "Asia/Tokyo" } },
    });
    expect(array(at(page, "properties.Text.rich_text")).map((item) => at(item, "plain_text"))).toEqual([
      "one two",
      "!",
    ]);
    expect(at(page, "properties.Due.date")).toEqual({
      start: "2026-02-22T09:00:00.000+09:00",
      end: null,
      time_zone: null,
    });
    expect(page.properties).toMatchObject({
      Done: { checkbox: false },
      Kind: { select: null },
      Self: { files: [] },
      Who: { people: [] },
      Count: { number: null },
      Total: { formula: { type: "number", number: 1 } },
    });
  });
});

describe("references", () => {
  it("are cut at 25 on the page and complete, page by page, in the property item", async () => {
    const { emulator, create, dataSourceId } = await startBoard({
      Who: { people: {} },
      Text: { rich_text: {} },
    });
    await using _ = emulator;
    const { workspace } = emulator;
    workspace.addProperty(dataSourceId, "Next", {
      relation: { data_source_id: dataSourceId, single_property: {} },
    });
    const targets = workspace.addRows(dataSourceId, 30, () => ({})).map((id) => ({ id }));
    const people = Array.from({ length: 26 }, (_, index) => ({
      id: workspace.addPerson({ name: `Person ${index}` }),
    }));
    const mentions = people.map((user) => ({ mention: { user } }));
    const page = await create({
      Next: { relation: targets },
      Who: { people },
      Text: { rich_text: mentions },
    });
    expect(array(at(page, "properties.Next.relation"))).toHaveLength(25);
    expect(at(page, "properties.Next.has_more")).toBe(true);
    expect(array(at(page, "properties.Who.people"))).toHaveLength(25);
    expect(array(at(page, "properties.Text.rich_text"))).toHaveLength(25);

    const id = text(at(page, "properties.Next.id"));
    const path = `GET /v1/pages/${text(page.id)}/properties/${id}?page_size=20`;
    const first = (await call(emulator, path)).body;
    expect(first).toMatchObject({
      object: "list",
      has_more: true,
      type: "property_item",
      property_item: { id, type: "relation", relation: {} },
    });
    const second = (await call(emulator, `${path}&start_cursor=${text(first.next_cursor)}`)).body;
    const all = [...array(first.results), ...array(second.results)].map((item) => at(item, "relation.id"));
    expect(all).toEqual(targets.map((target) => target.id));
    expect(second).toMatchObject({ has_more: false, next_cursor: null });
  });

  it("of exactly 25 entries have nothing more", async () => {
    const { emulator, create, dataSourceId } = await startBoard({});
    await using _ = emulator;
    emulator.workspace.addProperty(dataSourceId, "Next", {
      relation: { data_source_id: dataSourceId, single_property: {} },
    });
    const targets = emulator.workspace.addRows(dataSourceId, 25, () => ({})).map((id) => ({ id }));
    expect(at(await create({ Next: { relation: targets } }), "properties.Next.has_more")).toBe(false);
  });

  it("of a two-way relation show on both sides, without moving the other page's last edit", async () => {
    const { emulator, create, read, dataSourceId } = await startBoard({});
    await using _ = emulator;
    const { workspace } = emulator;
    const other = createBoard(emulator, { Name: { title: {} } }).dataSourceId;
    workspace.addProperty(dataSourceId, "Parts", {
      relation: { data_source_id: other, dual_property: { synced_property_name: "Whole" } },
    });
    const [part] = workspace.addRows(other, 1, () => ({ createdAt: "2026-01-01T00:00:00Z" })).map(text);
    const page = await create({ Parts: { relation: [{ id: text(part) }] } });
    const seen = await read(text(part));
    expect(at(seen, "properties.Whole.relation")).toEqual([{ id: page.id }]);
    expect(seen.last_edited_time).toBe("2026-01-01T00:00:00.000Z");
    await call(emulator, `PATCH /v1/pages/${text(part)}`, {
      body: { properties: { Whole: { relation: [] } } },
    });
    expect(at(await read(text(page.id)), "properties.Parts.relation")).toEqual([]);
    const schema = (await call(emulator, `GET /v1/data_sources/${dataSourceId}`)).body;
    expect(at(schema, "properties.Parts.relation")).toMatchObject({
      data_source_id: other,
      type: "dual_property",
      dual_property: { synced_property_name: "Whole" },
    });
  });

  it("to a page that is not shared are refused when written and left out when read", async () => {
    const { emulator, create, read, dataSourceId } = await startBoard({});
    await using _ = emulator;
    emulator.workspace.addProperty(dataSourceId, "Next", {
      relation: { data_source_id: dataSourceId, single_property: {} },
    });
    const target = text((await create({})).id);
    const page = text((await create({ Next: { relation: [{ id: target }] } })).id);
    emulator.workspace.unshare(target);
    expect(at(await read(page), "properties.Next.relation")).toEqual([]);
    expect(await create({ Next: { relation: [{ id: target }] } })).toMatchObject({ status: 400 });
  });
});

describe("what Notion computes", () => {
  it("numbers rows once each, with the prefix", async () => {
    const { emulator, create } = await startBoard({ Key: { unique_id: { prefix: "T" } } });
    await using _ = emulator;
    const pages = [await create({}), await create({})];
    expect(pages.map((page) => at(page, "properties.Key.unique_id"))).toEqual([
      { prefix: "T", number: 1 },
      { prefix: "T", number: 2 },
    ]);
  });

  it.each([
    ["count", { type: "number", number: 3 }],
    ["sum", { type: "number", number: 6 }],
    ["average", { type: "number", number: 2 }],
    ["max", { type: "number", number: 3 }],
    ["show_original", { type: "array", array: [1, 2, 3].map((number) => ({ type: "number", number })) }],
    ["count_per_group", { type: "unsupported" }],
  ])("rolls related rows up with %s", async (name, expected) => {
    const { emulator, create, dataSourceId } = await startBoard({ Count: { number: {} } });
    await using _ = emulator;
    emulator.workspace.addProperty(dataSourceId, "Next", {
      relation: { data_source_id: dataSourceId, single_property: {} },
    });
    const rollup = { relation_property_name: "Next", rollup_property_name: "Count", function: name };
    emulator.workspace.addProperty(dataSourceId, "Roll", { rollup });
    const targets = emulator.workspace.addRows(dataSourceId, 3, (index) => ({
      properties: { Count: { number: index + 1 } },
    }));
    const page = await create({ Next: { relation: targets.map((id) => ({ id })) } });
    expect(at(page, "properties.Roll.rollup")).toMatchObject({ ...expected, function: name });
  });

  it("shows ids in a rollup's schema as they are and everywhere else percent-encoded", async () => {
    const { emulator, dataSourceId } = await startBoard({});
    await using _ = emulator;
    const { workspace } = emulator;
    workspace.addProperty(dataSourceId, "Next", {
      id: "%3CnJT",
      relation: { data_source_id: dataSourceId, single_property: {} },
    });
    workspace.addProperty(dataSourceId, "Roll", {
      rollup: { relation_property_name: "Next", rollup_property_name: "Name", function: "count" },
    });
    const { body } = await call(emulator, `GET /v1/data_sources/${dataSourceId}`);
    expect(at(body, "properties.Roll.rollup.relation_property_id")).toBe("<nJT");
    expect(at(body, "properties.Next.id")).toBe("%3CnJT");
  });

  it.each([
    ['prop("Name") + " is " + prop("Count")', { type: "string", string: "x is 4" }],
    ['concat(prop("Name"), "-", 2)', { type: "string", string: "x-2" }],
    ['prop("Count") + 1.5', { type: "number", number: 5.5 }],
    ["now()", { type: "date", date: { start: "2026-11-21T07:20:00.000+00:00", end: null, time_zone: null } }],
    ['dateAdd(now(), 30, "days")', { type: "unsupported", unsupported: {} }],
    ['prop("Self")', { type: "unsupported", unsupported: {} }],
  ])("evaluates %s", async (expression, expected) => {
    const { emulator, create } = await startBoard({
      Count: { number: {} },
      Self: { formula: { expression } },
    });
    await using _ = emulator;
    expect(at(await create({ Name: title("x"), Count: { number: 4 } }), "properties.Self.formula")).toEqual(
      expected,
    );
  });
});

describe("a column", () => {
  it("keeps its id and its rows' values when renamed, and frees its old name", async () => {
    const { emulator, create, read, dataSourceId } = await startBoard({ Count: { number: {} } });
    await using _ = emulator;
    const page = await create({ Count: { number: 3 } });
    emulator.workspace.renameProperty(dataSourceId, "Count", "Total");
    const after = await read(text(page.id));
    expect(at(after, "properties.Total")).toEqual(at(page, "properties.Count"));
    expect(await create({ Count: { number: 1 } })).toMatchObject({
      message: "Count is not a property that exists.",
    });
  });

  it("deleted and made again has another id", async () => {
    const { emulator, create, dataSourceId } = await startBoard({ Count: { number: {} } });
    await using _ = emulator;
    const before = await create({ Count: { number: 3 } });
    emulator.workspace.deleteProperty(dataSourceId, "Count");
    emulator.workspace.addProperty(dataSourceId, "Count", { number: {} });
    const after = await create({});
    expect(at(after, "properties.Count.id")).not.toBe(at(before, "properties.Count.id"));
  });

  it.each([
    [{ rich_text: {} }, "12", "12"],
    [{ number: {} }, "12", 12],
    [{ number: {} }, "twelve", null],
    [{ select: {} }, "twelve", "twelve"],
    [{ checkbox: {} }, "yes", true],
  ])("of texts changed to %j reads %s as %s", async (schema, written, expected) => {
    const { emulator, create, read, dataSourceId } = await startBoard({ Text: { rich_text: {} } });
    await using _ = emulator;
    const page = await create({ Text: { rich_text: [{ text: { content: written } }] } });
    emulator.workspace.retypeProperty(dataSourceId, "Text", schema);
    const value = at(await read(text(page.id)), "properties.Text");
    const [type] = Object.keys(schema);
    const shown = at(value, text(type));
    const plain =
      type === "rich_text" ? at(shown, "0.plain_text") : type === "select" ? at(shown, "name") : shown;
    expect(plain).toBe(expected);
    expect(at(value, "id")).toBe(at(page, "properties.Text.id"));
  });

  it("write that is refused for one column changes no other, nor the title", async () => {
    const { emulator, dataSourceId } = await startBoard({ Old: { number: {} }, Gone: { url: {} } });
    await using _ = emulator;
    const read = async () => (await call(emulator, `GET /v1/data_sources/${dataSourceId}`)).body;
    const { request_id: _before, ...before } = await read();
    const properties = {
      Old: { name: "New" },
      Gone: null,
      Added: { checkbox: {} },
      Broken: { select: { options: [{ name: "a,b" }] } },
    };
    const answer = await call(emulator, `PATCH /v1/data_sources/${dataSourceId}`, {
      body: { title: [{ text: { content: "x" } }], properties },
    });
    expect(answer.status).toBe(400);
    expect(await read()).toMatchObject(before);
    expect(Object.keys(object((await read()).properties))).toEqual(["Name", "Old", "Gone"]);
  });

  it("of the title can be renamed, but not deleted, retyped or doubled", async () => {
    const { emulator, dataSourceId } = await startBoard({});
    await using _ = emulator;
    const change = (properties: JsonObject) =>
      call(emulator, `PATCH /v1/data_sources/${dataSourceId}`, { body: { properties } });
    expect((await change({ Name: { name: "Titel" } })).status).toBe(200);
    for (const properties of [{ Titel: null }, { Titel: { number: {} } }, { Second: { title: {} } }]) {
      expect((await change(properties)).status).toBe(400);
    }
  });
});
