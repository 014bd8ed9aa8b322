import { describe, expect, it } from "vitest";
import { describeConnector, pull } from "../../../src/connector/connector.suite.ts";
import { describeWritableConnector, type WritableWorld } from "../../../src/connector/writing.suite.ts";
import { withStepField } from "../../../src/recipes/pipeline/step-field.ts";
import {
  applied,
  inTime,
  type Product,
  products,
  suiteWorld,
  useSqlWorlds,
} from "../../connectors/sql-world.ts";

const sqlWorld = useSqlWorlds();

const addColumns = {
  sqlite:
    "ALTER TABLE tasks ADD COLUMN status TEXT NOT NULL DEFAULT 'draft'; ALTER TABLE tasks ADD COLUMN stage TEXT",
  postgres: "ALTER TABLE tasks ADD COLUMN status text NOT NULL DEFAULT 'draft', ADD COLUMN stage text",
};

async function openTable(product: Product) {
  const world = await sqlWorld(product);
  await world.run(addColumns[product]);
  return world;
}

/** The connectors' own suite, through the decorator: it may not change what a connector promises. */
async function openSuiteWorld(product: Product): Promise<WritableWorld> {
  const world = await suiteWorld(await openTable(product));
  const values = ["draft", "processing:Audio Generating", "awaiting_review"] as const;
  const sample = { ...world.sample, other: { field: "$step", values } };
  return { ...world, connector: withStepField(world.connector), sample };
}

for (const product of products) {
  describeConnector(`step field over sql on ${product}`, () => openSuiteWorld(product));
  describeWritableConnector(`step field over sql on ${product}`, () => openSuiteWorld(product));
}

describe.each(products)("withStepField on %s", (product) => {
  it("shows one field for both columns, which stay on show as derived ones", async () => {
    await using world = await openTable(product);
    const connector = withStepField(world.connect({}));
    await connector.capture.install();
    await world.run("INSERT INTO tasks (title, status, stage) VALUES ('A', 'processing', 'Audio Ready')");
    const { fields } = await connector.describe();
    expect(fields.filter(({ isDerived }) => !isDerived).map(({ id }) => id)).toEqual(
      expect.arrayContaining(["title", "$step"]),
    );
    expect(fields.filter(({ id }) => id === "status" || id === "stage")).toMatchObject([
      { isDerived: true },
      { isDerived: true },
    ]);
    const { records, end } = await pull(connector, "full");
    const request = { mode: "changes", checkpoint: end.checkpoint, memosOf: async () => new Map() } as const;
    for (const knownFields of [fields, fields.slice(1)]) {
      const pulling = connector.pull({ ...request, knownFields });
      let next = await pulling.next();
      while (!next.done) next = await pulling.next();
      expect(next.value.isSchemaChanged).toBe(knownFields !== fields);
    }
    expect(records[0]?.fields).toMatchObject({ title: "A", $step: "processing:Audio Ready" });
    expect(records[0]?.fields).not.toHaveProperty("status");
    expect(records[0]?.raw.row).toMatchObject({ status: "processing", stage: "Audio Ready" });
  });

  it("writes both columns at once, and clears a stage that is not given", async () => {
    await using world = await openTable(product);
    const connector = withStepField(world.connect({}));
    await connector.capture.install();
    const fields = { title: "A", $step: "failed:Error: API Failure" };
    const made = await applied(connector, { kind: "create", marker: "m", fields });
    expect(await world.run("SELECT status, stage FROM tasks")).toMatchObject([
      { status: "failed", stage: "Error: API Failure" },
    ]);
    const expected = { revision: made.revision };
    await applied(connector, { kind: "update", id: made.id, fields: { $step: "pending" }, expected });
    expect(await world.run("SELECT status, stage FROM tasks")).toMatchObject([
      { status: "pending", stage: null },
    ]);
  });

  it("takes columns that do not fit together for unobserved", async () => {
    await using world = await openTable(product);
    const connector = withStepField(world.connect({}));
    await connector.capture.install();
    await world.run(
      "INSERT INTO tasks (title, status, stage) VALUES ('A', 'odd', NULL), ('B', 'draft', 'Queued')",
    );
    const { records } = await pull(connector, "full");
    for (const record of records) {
      expect(record.unobserved).toContain("$step");
      expect(record.fields).not.toHaveProperty("$step");
    }
    expect(records).toHaveLength(2);
  });

  it.each([
    [{ $step: "nowhere" }, "VALUE_INVALID"],
    [{ $step: "draft:Queued" }, "VALUE_INVALID"],
    [{ $step: null }, "VALUE_INVALID"],
    [{ status: "draft" }, "FIELD_READ_ONLY"],
    [{ stage: null, $step: "draft" }, "FIELD_READ_ONLY"],
  ])("refuses %j and writes nothing", async (fields, code) => {
    await using world = await openTable(product);
    const connector = withStepField(world.connect({}));
    await connector.capture.install();
    const write = { kind: "create", marker: "m", fields: { title: "A", ...fields } } as const;
    expect(await connector.apply(write, inTime)).toMatchObject({ kind: "refused", code });
    expect(await world.run("SELECT * FROM tasks")).toEqual([]);
  });
});
