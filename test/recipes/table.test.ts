import { describe, expect, it } from "vitest";
import type { TableConfig } from "../../src/config/config.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import type { Description } from "../../src/connector/connector.ts";
import type { Json } from "../../src/core/json.ts";
import type { FieldSchema } from "../../src/core/record.ts";
import { tableMemory, tableRecipe } from "../../src/recipes/table/recipe.ts";

const base: { readonly [key: string]: Json } = {
  name: "people",
  notion: { database: "0123456789abcdef0123456789abcdef" },
  table: { url: "sqlite:crm.db", name: "people", key: "id" },
  fields: [
    { property: "Email", column: "email" },
    { property: "Name", column: "name" },
  ],
};

function configOf(changes: { readonly [key: string]: Json } = {}): TableConfig {
  const [table] = resolveConfig({ tables: [{ ...base, ...changes }] }, "/x/lockstep.config.json").tables;
  if (table === undefined) throw new Error("the configuration has one table");
  return table;
}

const property = (id: string, name: string, vendorType = "rich_text"): FieldSchema => ({
  id,
  name,
  type: vendorType === "title" || vendorType === "rich_text" ? "text" : "option",
  vendorType,
  isDerived: false,
});
const column = (name: string): FieldSchema => ({
  id: name,
  name,
  type: "text",
  vendorType: "TEXT",
  isDerived: false,
});

const properties: readonly FieldSchema[] = [
  property("e", "Email"),
  property("t", "Name", "title"),
  property("m", "Lockstep ID"),
  property("s", "Stage", "select"),
];
const columns: readonly FieldSchema[] = [column("email"), column("name"), column("stage")];

function described(fields: readonly FieldSchema[], warnings: readonly string[] = []): Description {
  const capabilities = {
    canPullChanges: true,
    canSweep: true,
    canCertifyDeaths: true,
    canWrite: true,
    hasPreconditions: false,
    lateWriteMs: 0,
    visibleAfterMs: 0,
  };
  return { id: "x", name: "x", fields, capabilities, warnings };
}

function bind(config: TableConfig, notion = properties, stored: Json = null, table = columns) {
  return tableRecipe(config).bind({ left: described(notion), right: described(table) }, stored);
}

describe("the binding of a table sync", () => {
  it("remembers properties by id, the marker among them, and what people call a record", () => {
    const { binding, suspended, warnings } = bind(configOf());
    expect(tableMemory(binding)).toEqual({
      markerId: "m",
      propertyIds: { Email: "e", Name: "t" },
      titleField: "Name",
    });
    expect([suspended, warnings]).toEqual([[], []]);
  });

  it("knows nothing of a binding that is none", () => {
    const nothing = { markerId: null, propertyIds: {}, titleField: null };
    for (const stored of [null, [], "x", { markerId: 3, propertyIds: { a: 1 }, titleField: [] }])
      expect(tableMemory(stored)).toEqual(nothing);
  });

  it("goes by the first field where no title is mapped", () => {
    const config = configOf({ fields: [{ property: "Email", column: "email" }] });
    expect(tableMemory(bind(config).binding).titleField).toBe("Email");
  });

  it("follows the marker and the properties when they are renamed", () => {
    const { binding, print } = bind(configOf());
    const renamed = [
      property("e", "E-mail address"),
      property("t", "Name", "title"),
      property("m", "Hands off"),
    ];
    const again = bind(configOf(), renamed, binding);
    expect(again).toMatchObject({ print, binding: { markerId: "m" } });
    expect(again.rules.map(({ left }) => left)).toEqual(["e", "t"]);
    expect(again.warnings.join()).toContain('"Email" is now called "E-mail address"');
  });

  it.each<[string, readonly FieldSchema[], string]>([
    ["is not there", properties.filter(({ id }) => id !== "m"), "there is no such property"],
    [
      "holds something else",
      [...properties.slice(0, 2), property("m", "Lockstep ID", "select")],
      "of type select",
    ],
    [
      "has almost its name",
      [...properties.slice(0, 2), property("m", "Lockstep Id")],
      'Did you mean "Lockstep Id"?',
    ],
  ])("refuses a marker that %s, with the command that adds it", (_name, notion, message) => {
    const binding = () => bind(configOf(), notion);
    expect(binding).toThrow(message);
    expect(binding).toThrow("lockstep table install people");
  });

  it("lets a field rest whose property or column is gone, and says so", () => {
    const { binding, print } = bind(configOf());
    const gone = bind(configOf(), properties.slice(1), binding);
    expect(gone).toMatchObject({ print, suspended: [{ name: "Email" }] });
    expect(gone.rules.map(({ name }) => name)).toEqual(["Name"]);
    expect(gone.warnings[0]).toMatch(/^"Email" rests until this is mended: Notion: /);
    const dropped = bind(configOf(), properties, binding, columns.slice(1));
    expect(dropped.warnings[0]).toMatch(/^"Email" rests until this is mended: people: /);
  });

  it("has another print when other records would be taken for the same", () => {
    const match = { property: "Email", column: "email" };
    expect(bind(configOf({ match })).print).not.toBe(bind(configOf()).print);
    expect(bind(configOf({ pollSeconds: 5 })).print).toBe(bind(configOf()).print);
  });
});

describe("the match of a table sync", () => {
  it("compares keys as the table spells them, from either side", () => {
    const map = { toTable: { Lead: "L", Customer: "C" } };
    const fields = [{ property: "Stage", column: "stage", map }];
    const config = configOf({ fields, match: { property: "Stage", column: "stage" } });
    const { keyOf } = bind(config);
    expect(keyOf?.("left", { Stage: "Lead" })).toBe("L");
    expect(keyOf?.("right", { Stage: "L" })).toBe("L");
    expect(keyOf?.("left", { Stage: "Unheard of" }), "no word, no key").toBeNull();
    expect(keyOf?.("left", { Stage: null })).toBeNull();
    expect(keyOf?.("right", {}), "not observed").toBeNull();
  });

  it("is none where nothing is said, or while its field rests", () => {
    expect(bind(configOf()).keyOf).toBeNull();
    const config = configOf({ match: { property: "Email", column: "email" } });
    const { binding } = bind(config);
    expect(bind(config, properties.slice(1), binding).keyOf).toBeNull();
  });
});

describe("the rules of a table sync", () => {
  it("say who decides, in the engine's words", () => {
    const fields = [
      { property: "Email", column: "email", owner: "table", conflict: "newest", writeOnce: true },
      { property: "Name", column: "name", conflict: "notion" },
    ];
    const { rules } = bind(configOf({ fields }));
    expect(rules).toMatchObject([
      { name: "Email", left: "e", right: "email", owner: "right", policy: "newest", isWriteOnce: true },
      { name: "Name", left: "t", right: "name", owner: "both", policy: "left", isWriteOnce: false },
    ]);
    expect(bind(configOf()).rules[0]?.policy, "nobody decides but a person").toBe("ask");
    const { policy } = tableRecipe(configOf({ onDelete: "propagate", creates: { table: false } }));
    expect(policy).toEqual({
      creates: { left: true, right: false },
      onDelete: "propagate",
      onDeleteEdit: "ask",
      tieBreak: "left",
    });
  });
});
