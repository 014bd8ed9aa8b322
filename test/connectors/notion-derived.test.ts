import { describe, expect, it } from "vitest";
import { derivedValue } from "../../src/connectors/notion/derived.ts";
import type { Json } from "../../src/core/json.ts";
import { connect, notionWorld, pullAll, titled } from "./notion-world.ts";

describe("computed properties", () => {
  const computed = {
    Name: { title: {} },
    Twice: { formula: { expression: '"x"' } },
    Made: { created_time: {} },
    By: { created_by: {} },
    Number: { unique_id: { prefix: "ABC" } },
  };

  it("are fields only when they are asked for, as plain values", async () => {
    await using world = await notionWorld({ properties: computed });
    world.emulator.workspace.addRows(world.dataSourceId, 1, () => ({ properties: titled("Row") }));
    const columns = await Promise.all(["Made", "By", "Number", "Twice"].map((name) => world.column(name)));
    const derivedFields = columns.map(({ id }) => id);
    const { connector } = connect(world.emulator, world.dataSourceId, { derivedFields });
    const record = (await pullAll(connector, { mode: "full" })).records[0];
    const [made = "", by = "", number = "", twice = ""] = derivedFields;
    expect(record?.fields[made]).toBe(record?.createdAt);
    expect(record?.fields[by]).toMatch(/^[0-9a-f-]{36}$/);
    expect(record?.fields[number]).toBe("ABC-1");
    const { fields } = await connector.describe();
    for (const id of derivedFields)
      expect(fields.find((field) => field.id === id)).toMatchObject({ isDerived: true, type: "opaque" });
    const plain = (await pullAll(world.connector, { mode: "full" })).records[0];
    expect(plain?.fields).not.toHaveProperty([twice]);
  });

  const values: readonly { type: string; value: Json; plain: Json | undefined }[] = [
    { type: "formula", value: { type: "string", string: "abc" }, plain: "abc" },
    { type: "formula", value: { type: "string", string: null }, plain: null },
    { type: "formula", value: { type: "number", number: 7 }, plain: 7 },
    { type: "formula", value: { type: "number", number: "7" }, plain: undefined },
    { type: "formula", value: { type: "boolean", boolean: false }, plain: false },
    {
      type: "formula",
      value: { type: "date", date: { start: "2026-11-21", end: null } },
      plain: "2026-11-21",
    },
    {
      type: "formula",
      value: { type: "date", date: { start: "2026-11-21", end: "2026-11-22" } },
      plain: "2026-11-21/2026-11-22",
    },
    { type: "formula", value: { type: "date", date: null }, plain: null },
    { type: "formula", value: { type: "unsupported", unsupported: {} }, plain: undefined },
    { type: "rollup", value: { type: "number", number: 3, function: "sum" }, plain: 3 },
    { type: "rollup", value: { type: "incomplete", incomplete: {} }, plain: undefined },
    {
      type: "rollup",
      value: {
        type: "array",
        array: [
          { type: "title", title: [{ type: "text", plain_text: "A" }] },
          { type: "select", select: { id: "o", name: "Open" } },
          { type: "select", select: null },
          { type: "number", number: 2 },
          { type: "date", date: { start: "2026-11-21", end: null } },
          { type: "people", people: [{ object: "user", id: "u1" }] },
          { type: "formula", formula: { type: "number", number: 4 } },
        ],
      },
      plain: ["A", "Open", null, 2, "2026-11-21", ["u1"], 4],
    },
    {
      type: "rollup",
      value: { type: "array", array: [{ type: "formula", formula: { type: "unsupported" } }] },
      plain: undefined,
    },
    { type: "unique_id", value: { prefix: null, number: 12 }, plain: "12" },
    { type: "unique_id", value: { prefix: "AB", number: 12 }, plain: "AB-12" },
    { type: "created_by", value: { object: "user", id: "u1" }, plain: "u1" },
    { type: "last_edited_time", value: "2026-11-21T07:20:00.000Z", plain: "2026-11-21T07:20:00.000Z" },
    { type: "created_time", value: null, plain: undefined },
    { type: "number", value: 1, plain: undefined },
  ];
  it.each(values)("$type $value is $plain", ({ type, value, plain }) => {
    expect(derivedValue(type, value)).toEqual(plain);
  });

  it("rolled up from more rows than a page shows are unknown", async () => {
    await using world = await notionWorld({ properties: { Name: { title: {} } } });
    const { workspace } = world.emulator;
    workspace.addProperty(world.dataSourceId, "Parts", {
      relation: { data_source_id: world.dataSourceId, single_property: {} },
    });
    workspace.addProperty(world.dataSourceId, "Count", {
      rollup: { relation_property_name: "Parts", rollup_property_name: "Name", function: "count" },
    });
    const parts = workspace.addRows(world.dataSourceId, 30, () => ({ properties: titled("Part") }));
    const whole = (count: number) => ({
      properties: { ...titled("Whole"), Parts: { relation: parts.slice(0, count).map((id) => ({ id })) } },
    });
    const [few = "", many = ""] = workspace.addRows(world.dataSourceId, 2, (index) =>
      whole(index === 0 ? 20 : 30),
    );
    const { id } = await world.column("Count");
    const { connector } = connect(world.emulator, world.dataSourceId, { derivedFields: [id] });
    const readAll = async () =>
      new Map((await pullAll(connector, { mode: "full" })).records.map((record) => [record.id, record]));
    const completed = await readAll();
    expect(completed.get(few)?.fields[id]).toBe(20);
    expect(completed.get(many)?.unobserved).toEqual([id]);
    world.emulator.faults.add({
      match: { path: "/properties/" },
      effect: { kind: "status", status: 403, code: "restricted_resource" },
    });
    const cut = await readAll();
    expect(cut.get(many)?.unobserved).toContain(id);
  });
});
