import { describe, expect, it } from "vitest";
import type { FieldMappingConfig } from "../../src/config/config.ts";
import type { Json } from "../../src/core/json.ts";
import type { FieldSchema, FieldType, SourceRecord } from "../../src/core/record.ts";
import { bindMappings, projectRecord } from "../../src/recipes/backup/mapping.ts";

const types: { readonly [vendorType: string]: FieldType } = {
  title: "text",
  rich_text: "text",
  number: "number",
  select: "option",
  status: "option",
  multi_select: "options",
  date: "date",
  checkbox: "boolean",
};

const column = (id: string, name: string, vendorType: string): FieldSchema => ({
  id,
  name,
  type: types[vendorType] ?? "opaque",
  vendorType,
  isDerived: vendorType === "formula",
});

const columns = [
  column("title", "Name", "title"),
  column("a%3Ab", "Notes", "rich_text"),
  column("st", "State", "status"),
  column("url", "Link", "url"),
  column("fo", "Score", "formula"),
];
const titleBinding = { propertyId: "title", field: "title" };

describe("bindMappings", () => {
  const cases: readonly {
    name: string;
    mappings: readonly FieldMappingConfig[];
    fields?: readonly FieldSchema[];
    stored?: Json;
    bindings: readonly unknown[];
    warning?: string;
    error?: string;
  }[] = [
    { name: "maps the title property to title by itself", mappings: [], bindings: [titleBinding] },
    {
      name: "finds a property by its exact name",
      mappings: [{ property: "State", field: "status" }],
      bindings: [titleBinding, { propertyId: "st", field: "status" }],
    },
    {
      name: "finds a property by its id",
      mappings: [{ property: "st", field: "status" }],
      bindings: [titleBinding, { propertyId: "st", field: "status" }],
    },
    {
      name: "finds a property by its id as the app shows it",
      mappings: [{ property: "a:b", field: "description" }],
      bindings: [titleBinding, { propertyId: "a%3Ab", field: "description" }],
    },
    {
      name: "accepts another case when only one property fits",
      mappings: [{ property: "state", field: "status" }],
      bindings: [titleBinding, { propertyId: "st", field: "status" }],
    },
    {
      name: "refuses another case when two properties fit",
      mappings: [{ property: "state", field: "status" }],
      fields: [...columns, column("s2", "STATE", "select")],
      bindings: [titleBinding],
      error: '"State" or "STATE"',
    },
    {
      name: "suggests the closest name for one that does not exist",
      mappings: [{ property: "Sate", field: "status" }],
      bindings: [titleBinding],
      error: 'Did you mean "State"?',
    },
    {
      name: "follows a property that was renamed",
      mappings: [{ property: "Phase", field: "status" }],
      stored: { Phase: "st" },
      bindings: [titleBinding, { propertyId: "st", field: "status" }],
      warning: 'now called "State"',
    },
    {
      name: "follows the old property when a new one took its name",
      mappings: [{ property: "State", field: "status" }],
      fields: [
        column("title", "Name", "title"),
        column("st", "Phase", "status"),
        column("s2", "State", "status"),
      ],
      stored: { State: "st" },
      bindings: [titleBinding, { propertyId: "st", field: "status" }],
      warning: 'now called "Phase"',
    },
    {
      name: "binds again to a property that was deleted and made again",
      mappings: [{ property: "State", field: "status" }],
      stored: { State: "gone" },
      bindings: [titleBinding, { propertyId: "st", field: "status" }],
      warning: "deleted in Notion and made again",
    },
    {
      name: "lets the field of a property that is gone rest, and remembers which one it was",
      mappings: [{ property: "Phase", field: "status" }],
      stored: { Phase: "gone" },
      bindings: [titleBinding],
      warning: "status keeps its last values",
    },
    {
      name: "keeps a type without a rule in the metadata only",
      mappings: [{ property: "Link", field: "description" }],
      bindings: [titleBinding],
      warning: "of type url, which has no mapping rule",
    },
    {
      name: "maps the title after all when what was to fill it cannot",
      mappings: [{ property: "Score", field: "title" }],
      bindings: [titleBinding],
      warning: "of type formula",
    },
    {
      name: "lets another property fill the title",
      mappings: [{ property: "Notes", field: "title" }],
      bindings: [{ propertyId: "a%3Ab", field: "title" }],
    },
    {
      name: "fills a field once",
      mappings: [
        { property: "State", field: "status" },
        { property: "Notes", field: "status" },
      ],
      bindings: [titleBinding, { propertyId: "st", field: "status" }],
      warning: "another property already fills",
    },
  ];
  it.each(cases)("$name", ({ mappings, fields = columns, stored = null, bindings, warning, error }) => {
    const bound = bindMappings(mappings, fields, stored);
    expect(bound.bindings).toEqual(bindings);
    expect(bound.warnings).toEqual(warning === undefined ? [] : [expect.stringContaining(warning)]);
    expect(bound.errors).toEqual(error === undefined ? [] : [expect.stringContaining(error)]);
  });

  it("binds to the same property after any number of renames", () => {
    const mappings = [{ property: "State", field: "status" }] as const;
    let stored: Json = null;
    for (const name of ["State", "Phase", "Step", "State"]) {
      const bound = bindMappings(
        mappings,
        [column("title", "Name", "title"), column("st", name, "status")],
        stored,
      );
      expect(bound.bindings).toContainEqual({ propertyId: "st", field: "status" });
      expect(bound.warnings.length).toBe(name === "State" ? 0 : 1);
      stored = bound.stored;
    }
  });
});

describe("projectRecord", () => {
  const record = (fields: { [id: string]: Json }, unobserved: string[] = []): SourceRecord => ({
    id: "p1",
    presence: "live",
    fields,
    unobserved,
    raw: { page: { id: "p1" }, properties: { Any: { id: "x", type: "place", place: null } } },
    revision: "2026-11-21T07:20:00.000Z",
    createdAt: "2026-11-21T07:20:00.000Z",
    editedBy: null,
    memo: null,
  });
  const option = { id: "o", name: "Doing" };

  it.each<[string, Json, Json, Json]>([
    ["text", { plain: "Hello", rich: [{ format: "bold" }] }, "Hello", "Hello"],
    ["a number", 12.5, "12.5", 12.5],
    ["a large number", 1e21, "1000000000000000000000", 1e21],
    ["a small number", -1.5e-7, "-0.00000015", -1.5e-7],
    ["zero", 0, "0", 0],
    ["an option", option, "Doing", "Doing"],
    ["several options", [option, { id: "p", name: "Late" }], "Doing, Late", ["Doing", "Late"]],
    ["no options", [], "", []],
    [
      "a day",
      { end: null, start: "2026-01-01", timeZone: null },
      "2026-01-01",
      { end: null, start: "2026-01-01", timeZone: null },
    ],
    [
      "a range",
      { end: "2026-01-03", start: "2026-01-01", timeZone: null },
      "2026-01-01/2026-01-03",
      { end: "2026-01-03", start: "2026-01-01", timeZone: null },
    ],
    ["a checkbox", true, "true", true],
    ["nothing", null, null, null],
  ])("turns %s into column text and a typed value", (_, value, text, typed) => {
    const bindings = [
      { propertyId: "x", field: "description" },
      { propertyId: "x", field: "metadata.copy" },
    ] as const;
    const { values } = projectRecord(record({ x: value }), bindings);
    expect(values).toEqual({ description: text, "metadata.copy": typed });
  });

  it("gives a title that is never null", () => {
    expect(projectRecord(record({ x: null }), [{ propertyId: "x", field: "title" }]).values).toEqual({
      title: "",
    });
  });

  it("says nothing about what was not observed", () => {
    const bindings = [
      { propertyId: "x", field: "status" },
      { propertyId: "x", field: "metadata.state" },
    ] as const;
    expect(projectRecord(record({}, ["x"]), bindings).values).toEqual({});
  });

  it("keeps everything Notion said", () => {
    const { metadata } = projectRecord(record({}), []);
    expect(metadata).toEqual({
      notion: { id: "p1" },
      notionProperties: { Any: { id: "x", type: "place", place: null } },
    });
  });
});
