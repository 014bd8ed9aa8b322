import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SqlTableConfig } from "../../src/connectors/sql/config.ts";
import { createSqlConnector } from "../../src/connectors/sql/connector.ts";
import { limitedUrl, type Product, products, useSqlWorlds } from "./sql-world.ts";

const sqlWorld = useSqlWorlds();

interface Unfit {
  readonly name: string;
  readonly ddl: string;
  readonly config?: Partial<SqlTableConfig>;
  readonly says: RegExp;
  readonly only?: Product;
}

const marked = "lockstep_id text UNIQUE";

const unfit: readonly Unfit[] = [
  { name: "no primary key", ddl: `CREATE TABLE t (id text, ${marked})`, says: /no primary key/ },
  {
    name: "a key of two columns",
    ddl: `CREATE TABLE t (id text, b text, ${marked}, PRIMARY KEY (id, b))`,
    says: /several columns \(id, b\)/,
  },
  {
    name: "another key",
    ddl: `CREATE TABLE t (id text, other text PRIMARY KEY, ${marked})`,
    says: /is other, not id/,
  },
  {
    name: "a key of a type that cannot name a row",
    ddl: `CREATE TABLE t (id real PRIMARY KEY, ${marked})`,
    says: /of type real/i,
  },
  {
    name: "a view",
    ddl: `CREATE TABLE u (id text PRIMARY KEY); CREATE VIEW t AS SELECT * FROM u`,
    says: /a view/,
  },
  {
    name: "no marker, and a key that counts",
    ddl: "CREATE TABLE t (id integer PRIMARY KEY)",
    config: { markerColumn: undefined as never },
    says: /ALTER TABLE .*"t" ADD COLUMN lockstep_id text; CREATE UNIQUE INDEX/,
  },
  {
    name: "a marker that is not unique",
    ddl: "CREATE TABLE t (id text PRIMARY KEY, lockstep_id text)",
    says: /not unique/,
  },
  {
    name: "a marker that must not be null",
    ddl: "CREATE TABLE t (id text PRIMARY KEY, lockstep_id text NOT NULL UNIQUE)",
    says: /NOT NULL/,
  },
  {
    name: "a configured column that is not there",
    ddl: `CREATE TABLE t (id text PRIMARY KEY, ${marked})`,
    config: { columns: ["title"] },
    says: /no column title. It has: id, lockstep_id/,
  },
  {
    name: "a soft-delete column of another kind",
    ddl: `CREATE TABLE t (id text PRIMARY KEY, dead integer, ${marked})`,
    config: { softDelete: { column: "dead", kind: "timestamp" } },
    says: /no timestamp/,
  },
  { name: "a virtual table", ddl: "CREATE VIRTUAL TABLE t USING fts5(id)", says: /virtual/, only: "sqlite" },
  {
    name: "a partitioned table",
    ddl: `CREATE TABLE t (id text PRIMARY KEY, lockstep_id text) PARTITION BY HASH (id)`,
    says: /partitioned/,
    only: "postgres",
  },
  {
    name: "an unlogged table",
    ddl: `CREATE UNLOGGED TABLE t (id text PRIMARY KEY, ${marked})`,
    says: /UNLOGGED/,
    only: "postgres",
  },
  {
    name: "inheritance",
    ddl: `CREATE TABLE t (id text PRIMARY KEY, ${marked}); CREATE TABLE u () INHERITS (t)`,
    says: /inheritance/,
    only: "postgres",
  },
];

describe.each(products)("tables on %s", (product) => {
  it.each(unfit.filter(({ only }) => only === undefined || only === product))(
    "are refused with a way out: $name",
    async ({ ddl, config, says }) => {
      await using world = await sqlWorld(product, ddl);
      const connector = world.connect({ table: "t", softDelete: undefined as never, ...config });
      const refusal = { code: "SQL_TABLE_UNFIT", message: expect.stringMatching(says) };
      await expect(connector.describe()).rejects.toMatchObject(refusal);
      await expect(connector.capture.install()).rejects.toMatchObject(refusal);
      const outcome = await connector.apply(
        { kind: "create", marker: "m", fields: {} },
        { sendBy: Number.POSITIVE_INFINITY },
      );
      expect(outcome).toMatchObject({ kind: "refused", ...refusal });
    },
  );

  it("run what the message says, and are fit", async () => {
    await using world = await sqlWorld(product, "CREATE TABLE t (id integer PRIMARY KEY)");
    const before = world.connect({
      table: "t",
      markerColumn: undefined as never,
      softDelete: undefined as never,
    });
    const error: unknown = await before.describe().catch((thrown: unknown) => thrown);
    await world.run(/Run: (.*) and set/.exec(String(error))?.[1] ?? "");
    const after = world.connect({ table: "t", softDelete: undefined as never });
    await after.capture.install();
    expect((await after.describe()).warnings).toEqual([]);
  });

  it("say what their columns are", async () => {
    await using world = await sqlWorld(
      product,
      `CREATE TABLE t (id integer PRIMARY KEY, a text, b numeric(10, 2), c boolean, d date, e ${product === "sqlite" ? "datetime" : "timestamptz"},
        f integer GENERATED ALWAYS AS (id * 2) STORED, g json, ${marked})`,
    );
    const connector = world.connect({ table: "t", softDelete: undefined as never });
    await connector.capture.install();
    const { fields, ...description } = await connector.describe();
    expect(fields.map(({ id, type, isDerived }) => [id, type, isDerived])).toEqual([
      // SQLite fills an integer key in by itself.
      ["id", "number", product === "sqlite"],
      ["a", "text", false],
      ["b", "number", false],
      ["c", "boolean", false],
      ["d", "date", false],
      ["e", "date", false],
      ["f", "number", true],
      ["g", "opaque", false],
    ]);
    expect(description).toMatchObject({
      id: product === "sqlite" ? "t" : expect.stringMatching(/^world_\d+\.t$/),
      name: "t",
      capabilities: { canWrite: true, hasPreconditions: true, lateWriteMs: 0 },
      warnings: [],
    });
    await world.run("INSERT INTO t (id, a) VALUES (7, 'x')");
    expect(await connector.get("7")).toMatchObject({
      record: { raw: { row: { f: product === "sqlite" ? 14 : "14" } } },
    });
    expect(await connector.get("7")).not.toHaveProperty("record.fields.f");
  });

  it("that are not there are lost access, not emptiness", async () => {
    await using world = await sqlWorld(product);
    const connector = world.connect({ table: "task" });
    await expect(connector.proveAccess()).rejects.toMatchObject({ code: "ACCESS_LOST" });
  });

  it("have their script shown before anything is installed", async () => {
    await using world = await sqlWorld(product);
    const connector = world.connect({});
    const script = await connector.capture.installSql();
    expect(await connector.describe()).toMatchObject({
      warnings: [expect.stringContaining("not installed")],
    });
    await world.run(script);
    expect(await connector.describe()).toMatchObject({ warnings: [] });
    await world.run(await connector.capture.removeSql());
    expect(await connector.describe()).toMatchObject({
      warnings: [expect.stringContaining("not installed")],
    });
  });
});

describe("docs/sql-connector.md", () => {
  const examples: Record<Product, string> = {
    sqlite: "CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT, lockstep_id TEXT UNIQUE)",
    postgres: "CREATE TABLE tasks (id bigint PRIMARY KEY DEFAULT 1, title text, lockstep_id text UNIQUE)",
  };

  it.each(products)("shows exactly what is installed on %s, and how it is removed", async (product) => {
    const text = await readFile(join(import.meta.dirname, "../../docs/sql-connector.md"), "utf8");
    await using world = await sqlWorld(product, examples[product]);
    const { capture } = world.connect({ softDelete: undefined as never });
    for (const script of [await capture.installSql(), await capture.removeSql()]) {
      expect(script.length).toBeGreaterThan(300);
      expect(text).toContain(script.replace(/"world_\d+"/g, '"public"'));
    }
  });
});

it("a file that is not there is lost access, and is not made", async () => {
  await using world = await sqlWorld("sqlite");
  const connector = world.connect({ url: `${world.url}.other` });
  await expect(connector.describe()).rejects.toMatchObject({ code: "ACCESS_LOST" });
  await expect(connector.describe()).rejects.toMatchObject({ code: "ACCESS_LOST" });
});

it("row-level security that hides rows makes a table unfit for whom they are hidden from", async () => {
  await using world = await sqlWorld("postgres");
  await world.run("ALTER TABLE tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
  const connector = world.connect({ url: await limitedUrl(world) });
  await expect(connector.describe()).rejects.toMatchObject({
    code: "SQL_TABLE_UNFIT",
    message: expect.stringContaining("BYPASSRLS"),
  });
});

it("a URL of another kind is a mistake in the configuration", () => {
  const make = () =>
    createSqlConnector({
      config: { url: "mysql://u:sesame-dummy@h/d", table: "t", key: "id", columns: "all" },
      clock: { now: () => 0, monotonic: () => 0, sleep: async () => {} },
      ids: { next: () => "", random: () => 0 },
    });
  expect(make).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: expect.not.stringContaining("sesame") }),
  );
});
