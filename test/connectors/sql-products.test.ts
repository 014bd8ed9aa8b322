import { describe, expect, it } from "vitest";
import { pull } from "../../src/connector/connector.suite.ts";
import { priorsOf, reading, shown, useSqlWorlds } from "./sql-world.ts";

const sqlWorld = useSqlWorlds();

describe("changes on postgres", () => {
  it("waits for an older transaction that commits late, and then misses nothing", async () => {
    await using world = await sqlWorld("postgres");
    const { connector, checkpoint } = await reading(world, { isPatient: false });
    await using slow = await world.session();
    await using fast = await world.session();
    await fast.run("BEGIN; CREATE TABLE other (a int)");
    await slow.run("BEGIN; INSERT INTO tasks (title) VALUES ('slow')");
    // Its number is greater, its transaction is older, and it commits first.
    await fast.run("INSERT INTO tasks (title) VALUES ('fast'); COMMIT");
    let first = await pull(connector, "changes", checkpoint);
    // Other tests' transactions may be older still.
    while (first.records.length === 0) first = await pull(connector, "changes", first.end.checkpoint);
    expect(shown(first.records)).toEqual([["2", "live", "fast"]]);
    await world.run("INSERT INTO tasks (title) VALUES ('newest')");
    const second = await pull(connector, "changes", first.end.checkpoint);
    expect(second.records).toEqual([]);
    await slow.run("COMMIT");
    await world.settle();
    const third = await pull(connector, "changes", second.end.checkpoint);
    expect(shown(third.records)).toEqual([
      ["1", "live", "slow"],
      ["3", "live", "newest"],
    ]);
    expect((await pull(connector, "changes", third.end.checkpoint)).records).toEqual([]);
  });

  it("records every row that TRUNCATE takes away", async () => {
    await using world = await sqlWorld("postgres");
    await world.run("INSERT INTO tasks (title) VALUES ('a'), ('b')");
    const { connector, checkpoint } = await reading(world);
    await world.run("TRUNCATE tasks");
    const { records } = await pull(connector, "changes", checkpoint);
    expect(shown(records)).toEqual([
      ["1", "gone", undefined],
      ["2", "gone", undefined],
    ]);
    expect(priorsOf(records)).toMatchObject([{ title: "a" }, { title: "b" }]);
  });

  it("captures rows whose JSON, names and values are as odd as Postgres allows", async () => {
    await using world = await sqlWorld(
      "postgres",
      `CREATE SCHEMA "Odd""s"; CREATE TABLE "Odd""s"."we$lockstep$ird.'t" ("i""d$lockstep$" text PRIMARY KEY, "col'umn; --" json, n numeric,
         lockstep_id text UNIQUE)`,
    );
    const connector = world.connect({
      table: `Odd"s.we$lockstep$ird.'t`,
      key: 'i"d$lockstep$',
      softDelete: { column: "n", kind: "boolean" },
    });
    await expect(connector.describe()).rejects.toMatchObject({ code: "SQL_TABLE_UNFIT" });
    const fit = world.connect({
      table: `Odd"s.we$lockstep$ird.'t`,
      key: 'i"d$lockstep$',
      hardDelete: true,
      softDelete: undefined as never,
    });
    await fit.capture.install();
    const { end } = await pull(fit, "full");
    const table = `"Odd""s"."we$lockstep$ird.'t"`;
    await world.run(`INSERT INTO ${table} VALUES ('it''s "1" \\', '{"a": "\\u0000", "b": 1}', 'NaN')`);
    await world.run(`UPDATE ${table} SET n = 12345678901234567890.5, "col'umn; --" = '{"b":1,"a":[2.50]}'`);
    const { records } = await pull(fit, "changes", end.checkpoint);
    expect(records[0]).toMatchObject({
      id: 'it\'s "1" \\',
      fields: { "col'umn; --": { a: [2.5], b: 1 }, n: "12345678901234567890.5" },
    });
    await world.run(`DELETE FROM ${table}`);
    expect((await fit.get('it\'s "1" \\')).presence).toBe("gone");
  });

  it("sees changes also while ordinary triggers are switched off", async () => {
    await using world = await sqlWorld("postgres");
    const { connector, checkpoint } = await reading(world);
    await world.run(
      "SET session_replication_role = replica; INSERT INTO tasks (title) VALUES ('replicated')",
    );
    expect(shown((await pull(connector, "changes", checkpoint)).records)).toEqual([
      ["1", "live", "replicated"],
    ]);
  });

  it("starts over when the server went back in time", async () => {
    await using world = await sqlWorld("postgres");
    const { connector, checkpoint } = await reading(world);
    await world.run("INSERT INTO tasks (title) VALUES ('a')");
    const ahead = { ...checkpoint, at: 2 ** 50 };
    expect(shown((await pull(connector, "changes", ahead)).records)).toEqual([["1", "live", "a"]]);
  });
});

describe("changes on sqlite", () => {
  it("sees what OR REPLACE takes away without a word", async () => {
    await using world = await sqlWorld(
      "sqlite",
      "CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT, email TEXT UNIQUE, deleted_at DATETIME, lockstep_id TEXT UNIQUE)",
    );
    await world.run(
      "INSERT INTO tasks (id, title, email) VALUES (1, 'a', 'a@'), (2, 'b', 'b@'), (3, 'c', 'c@')",
    );
    const { connector, checkpoint } = await reading(world);
    await world.run("INSERT OR REPLACE INTO tasks (id, title, email) VALUES (9, 'nine', 'a@')");
    await world.run("INSERT OR REPLACE INTO tasks (id, title, email) VALUES (2, 'two', 'b@')");
    await world.run("UPDATE OR REPLACE tasks SET email = 'b@' WHERE id = 3");
    const { records } = await pull(connector, "changes", checkpoint);
    expect(shown(records)).toEqual([
      ["1", "gone", undefined],
      ["9", "live", "nine"],
      ["2", "gone", undefined],
      ["3", "live", "c"],
    ]);
    expect(records[0]?.raw.prior).toMatchObject({ title: "a" });
  });

  it("never makes a writer fail over bytes, odd keys or odd names", async () => {
    await using world = await sqlWorld(
      "sqlite",
      `CREATE TABLE "odd ""table'" ("k'" TEXT PRIMARY KEY, "x""; --" ANY, photo BLOB, lockstep_id TEXT UNIQUE)`,
    );
    const connector = world.connect({ table: `odd "table'`, key: "k'", softDelete: undefined as never });
    await connector.capture.install();
    const { end } = await pull(connector, "full");
    const table = `"odd ""table'"`;
    await world.run(
      `INSERT INTO ${table} VALUES (NULL, 1, x'00', NULL), (x'01', 2, NULL, NULL), ('ok', x'ff', x'00', NULL)`,
    );
    await world.run(`UPDATE ${table} SET "x""; --" = 9e999; UPDATE ${table} SET "x""; --" = 'fine'`);
    const { records } = await pull(connector, "changes", end.checkpoint);
    expect(records).toMatchObject([{ id: "ok", fields: { 'x"; --': "fine" } }]);
    expect((await connector.describe()).warnings).toEqual([
      expect.stringContaining("photo holds bytes"),
      expect.stringContaining("NULL are left out"),
    ]);
    await world.run(`DELETE FROM ${table}`);
    expect((await connector.get("ok")).presence).toBe("gone");
  });

  it("follows the file when another takes its place", async () => {
    await using world = await sqlWorld("sqlite");
    const { connector, checkpoint } = await reading(world);
    const path = world.url.slice("sqlite:".length);
    await world.run("PRAGMA wal_checkpoint(TRUNCATE)");
    await world.run(`VACUUM INTO '${path.replaceAll("'", "''")}.new'`);
    await world.run("INSERT INTO tasks (title) VALUES ('only in the old file')");
    const { renameSync, rmSync } = await import("node:fs");
    await connector.proveAccess();
    renameSync(`${path}.new`, path);
    for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
    expect((await pull(connector, "full")).records).toEqual([]);
    expect((await pull(connector, "changes", checkpoint)).end.isComplete).toBe(true);
  });
});
