import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pull } from "../../src/connector/connector.suite.ts";
import { applied, priorsOf, products, reading, type SqlWorld, shown, useSqlWorlds } from "./sql-world.ts";

const sqlWorld = useSqlWorlds();

/** A row with a key of our choice. */
function put(world: SqlWorld, id: number, title: string) {
  const overriding = world.product === "sqlite" ? "" : "OVERRIDING SYSTEM VALUE";
  return world.run(`INSERT INTO tasks (id, title) ${overriding} VALUES (${id}, '${title}')`);
}

describe.each(products)("changes on %s", (product) => {
  it("gives each changed row once, as it is now, in the order of last changes", async () => {
    await using world = await sqlWorld(product);
    for (const id of [1, 2, 3, 4]) await put(world, id, `Row ${id}`);
    const { connector, checkpoint } = await reading(world);
    await world.run("UPDATE tasks SET title = 'a' WHERE id = 3");
    await world.run("UPDATE tasks SET title = 'b' WHERE id = 1");
    await world.run("UPDATE tasks SET title = 'c' WHERE id = 3");
    await world.run("DELETE FROM tasks WHERE id = 2");
    const { records } = await pull(connector, "changes", checkpoint);
    expect(shown(records)).toEqual([
      ["1", "live", "b"],
      ["3", "live", "c"],
      ["2", "gone", undefined],
    ]);
    const revisions = records.map((record) => record.revision);
    expect(revisions.toSorted()).toEqual(revisions);
    expect(revisions[0]).toMatch(/^\d{16}$/);
  });

  it("keeps what a change replaced", async () => {
    await using world = await sqlWorld(product);
    await put(world, 1, "Before");
    const { connector, checkpoint } = await reading(world);
    await world.run("UPDATE tasks SET title = 'After' WHERE id = 1");
    const edited = await pull(connector, "changes", checkpoint);
    expect(priorsOf(edited.records)).toEqual([{ title: "Before" }]);
    await world.run("DELETE FROM tasks WHERE id = 1");
    const deleted = await pull(connector, "changes", edited.end.checkpoint);
    expect(priorsOf(deleted.records)).toEqual([expect.objectContaining({ title: "After", score: null })]);
    expect(deleted.records[0]).toMatchObject({ presence: "trashed", fields: {}, marker: null });
    expect(deleted.records[0]?.unobserved).toContain("title");
    expect(await connector.get("1")).toEqual({
      presence: "gone",
      certificate: expect.stringMatching(/^deleted by change \d+$/),
    });
  });

  it("sees nothing in an update that changes nothing, and a change of case alone", async () => {
    await using world = await sqlWorld(
      product,
      product === "sqlite"
        ? "CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT COLLATE NOCASE, deleted_at DATETIME, lockstep_id TEXT UNIQUE)"
        : "tasks",
    );
    await put(world, 1, "same");
    const { connector, checkpoint } = await reading(world);
    await world.run("UPDATE tasks SET title = 'same' WHERE id = 1");
    expect((await pull(connector, "changes", checkpoint)).records).toEqual([]);
    await world.run("UPDATE tasks SET title = 'SAME' WHERE id = 1");
    expect(shown((await pull(connector, "changes", checkpoint)).records)).toEqual([["1", "live", "SAME"]]);
  });

  it("takes another key for a deletion and a new row, which keeps its marker", async () => {
    await using world = await sqlWorld(
      product,
      "CREATE TABLE tasks (id text PRIMARY KEY, title text, deleted_at timestamp, lockstep_id text UNIQUE)",
    );
    const { connector, checkpoint } = await reading(world);
    const made = await applied(connector, {
      kind: "create",
      marker: "m1",
      fields: { id: "old", title: "T" },
    });
    expect(made).toMatchObject({ id: "old", isOurs: true, fields: { id: "old" } });
    await world.run("UPDATE tasks SET id = 'new' WHERE id = 'old'");
    const { records } = await pull(connector, "changes", checkpoint);
    expect(shown(records)).toEqual([
      ["old", "gone", undefined],
      ["new", "live", "T"],
    ]);
    expect(records[1]).toMatchObject({ marker: "m1", isOurs: true });
    expect(records[0]?.raw.change).toMatchObject({ note: "key changed to new" });
    expect(records[1]?.raw.change).toMatchObject({ note: "key was old" });
  });

  it("reads pages of many changes, each row once", async () => {
    await using world = await sqlWorld(product);
    const { connector, checkpoint } = await reading(world);
    const values = Array.from({ length: 1_203 }, (_, index) => `('Row ${index}')`).join(", ");
    await world.run(`INSERT INTO tasks (title) VALUES ${values}`);
    await world.run("UPDATE tasks SET note = 'n' WHERE id % 2 = 0");
    const { records, batches } = await pull(connector, "changes", checkpoint);
    expect(records.length).toBe(1_203);
    expect(new Set(records.map((record) => record.id)).size).toBe(1_203);
    expect(batches.length).toBeGreaterThan(2);
    const full = await pull(connector, "full");
    expect(full.batches.map((batch) => batch.records.length)).toEqual([500, 500, 203]);
    const resumed = await pull(connector, "full", full.batches[1]?.resumeAt ?? null);
    expect(resumed.records.length).toBe(203);
  });

  it("reads everything again after the capture was installed anew, and moves every revision", async () => {
    await using world = await sqlWorld(product);
    await put(world, 1, "One");
    await put(world, 2, "Two");
    const { connector, checkpoint } = await reading(world);
    await world.run("UPDATE tasks SET title = 'Zwei' WHERE id = 2");
    const before = await pull(connector, "changes", checkpoint);
    await connector.capture.remove();
    await world.run("UPDATE tasks SET title = 'Eins' WHERE id = 1");
    expect((await pull(connector, "changes", before.end.checkpoint)).end).toMatchObject({
      isComplete: false,
      checkpoint: before.end.checkpoint,
    });
    expect((await connector.get("1")).presence).toBe("unknown");
    await connector.capture.install();
    const after = await pull(connector, "changes", before.end.checkpoint);
    expect(shown(after.records)).toEqual([
      ["1", "live", "Eins"],
      ["2", "live", "Zwei"],
    ]);
    for (const record of after.records)
      expect(record.revision > String(before.records[0]?.revision)).toBe(true);
    await connector.capture.install();
    expect(
      (await pull(connector, "full")).records[0]?.revision.localeCompare(String(after.records[0]?.revision)),
    ).toBe(1);
  });

  it("leaves nothing behind when it is removed", async () => {
    await using world = await sqlWorld(product);
    const objects = () =>
      world.run(
        product === "sqlite"
          ? "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
          : "SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema::regnamespace UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = current_schema::regnamespace UNION ALL SELECT tgname FROM pg_trigger WHERE tgrelid = 'tasks'::regclass ORDER BY name",
      );
    const before = await objects();
    const { connector } = await reading(world);
    expect((await objects()).length).toBeGreaterThan(before.length);
    await connector.capture.remove();
    expect(await objects()).toEqual(before);
    await put(world, 1, "still works");
  });

  it("forgets what was read, and starts over for who has read less", async () => {
    await using world = await sqlWorld(product);
    const { connector, checkpoint } = await reading(world);
    await put(world, 1, "One");
    await put(world, 2, "Two");
    const { end } = await pull(connector, "changes", checkpoint);
    expect(await connector.capture.trim(end.checkpoint)).toBe(2);
    const quiet = await pull(connector, "changes", end.checkpoint);
    expect(quiet).toMatchObject({ records: [], end: { windows: [{ stream: "changes" }] } });
    await world.run("DELETE FROM tasks WHERE id = 1");
    expect(shown((await pull(connector, "changes", end.checkpoint)).records)).toEqual([
      ["1", "gone", undefined],
    ]);
    const behind = await pull(connector, "changes", checkpoint);
    expect(shown(behind.records)).toEqual([["2", "live", "Two"]]);
    expect(behind.end.windows[0]?.stream).toBe("full");
  });

  it("goes on when columns come and go, and says so", async () => {
    await using world = await sqlWorld(product);
    await put(world, 1, "One");
    const { connector, checkpoint } = await reading(world);
    const { fields: known } = await connector.describe();
    await world.run("ALTER TABLE tasks ADD COLUMN extra text");
    await world.run("UPDATE tasks SET title = 'changed', extra = 'x' WHERE id = 1");
    const pulled = await pull(connector, "changes", checkpoint);
    expect(pulled.records[0]?.fields).toMatchObject({ title: "changed" });
    expect(pulled.records[0]?.fields).not.toHaveProperty("extra");
    expect((await connector.describe()).warnings).toEqual([
      expect.stringContaining("extra is not captured yet"),
    ]);
    await connector.capture.install();
    expect((await connector.describe()).fields.map((field) => field.id)).toContain("extra");
    const request = { mode: "changes", checkpoint: pulled.end.checkpoint, knownFields: known } as const;
    const again = connector.pull({ ...request, memosOf: async () => new Map() });
    expect((await again.next()).value).toMatchObject({ records: [{ fields: { extra: "x" } }] });
    expect(await again.next()).toMatchObject({ done: true, value: { isSchemaChanged: true } });
    if (product === "sqlite") {
      // SQLite protects what triggers name; its writers are never broken.
      await expect(world.run("ALTER TABLE tasks DROP COLUMN extra")).rejects.toThrow(/trigger/);
      return;
    }
    await world.run("ALTER TABLE tasks DROP COLUMN extra");
    await world.run("UPDATE tasks SET title = 'after' WHERE id = 1");
    const dropped = await pull(connector, "changes", pulled.end.checkpoint);
    expect(dropped.records.at(-1)?.fields).toMatchObject({ title: "after" });
    expect((await connector.describe()).warnings).toEqual([
      expect.stringContaining("extra was captured and is gone"),
    ]);
  });

  it("watches no other columns than those that are configured", async () => {
    await using world = await sqlWorld(product);
    await put(world, 1, "One");
    const connector = world.connect({ columns: ["title"] });
    await connector.capture.install();
    const { end } = await pull(connector, "full");
    await world.run("UPDATE tasks SET note = 'secret' WHERE id = 1");
    expect((await pull(connector, "changes", end.checkpoint)).records).toEqual([]);
    await world.run("UPDATE tasks SET title = 'Two' WHERE id = 1");
    const { records } = await pull(connector, "changes", end.checkpoint);
    expect(JSON.stringify(records)).not.toContain("secret");
    expect(Object.keys(records[0]?.fields ?? {})).toEqual(["title"]);
    await world.run("DELETE FROM tasks");
    expect(JSON.stringify(await world.run("SELECT * FROM lockstep_changes_tasks"))).not.toContain("secret");
  });

  it("tells our writes from others'", async () => {
    await using world = await sqlWorld(product);
    const { connector, checkpoint } = await reading(world);
    await applied(connector, { kind: "create", marker: "m", fields: { title: "Ours" } });
    await world.run("INSERT INTO tasks (title) VALUES ('Theirs')");
    const { records } = await pull(connector, "changes", checkpoint);
    expect(records.map(({ isOurs, editedBy }) => [isOurs, editedBy])).toEqual([
      [true, "lockstep"],
      [false, product === "sqlite" ? null : "postgres:postgres"],
    ]);
    if (product === "postgres") {
      expect(records[1]?.raw.change).toMatchObject({ application: "another program" });
    }
  });

  it("tells who watches about other programs' commits", async () => {
    await using world = await sqlWorld(product);
    const { connector } = await reading(world);
    const stop = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    let calls = 0;
    const watching = connector.watch(() => {
      calls += 1;
      resolve();
    }, stop.signal);
    // Until somebody listens, nothing is heard: written again and again until it is.
    const writing = setInterval(() => void put(world, Math.floor(Math.random() * 1e9), "New"), 50);
    await promise;
    clearInterval(writing);
    stop.abort();
    await watching;
    expect(calls).toBeGreaterThan(0);
  });

  it("misses no change of four programs that write at once, and gives none twice", async () => {
    await using world = await sqlWorld(product);
    const { connector, checkpoint } = await reading(world, { isPatient: false });
    const writers = await Promise.all(Array.from({ length: 4 }, () => world.session()));
    let isWriting = true;
    const seen = new Map<string, string>();
    const titles = new Map<string, string>();
    const follow = async () => {
      let at = checkpoint;
      for (let isLast = false; ; ) {
        if (isLast) await world.settle();
        const { records, end } = await pull(connector, "changes", at);
        at = end.checkpoint;
        for (const record of records) {
          const known = seen.get(record.id);
          // A row that was written while it was read may come again as it is, but never as it was.
          expect(known === undefined || record.revision >= known).toBe(true);
          seen.set(record.id, record.revision);
          titles.set(record.id, String(record.memo === null ? record.fields.title : "gone"));
        }
        if (isLast) return;
        isLast = !isWriting;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const write = async (writer: (typeof writers)[number], number: number) => {
      for (let round = 0; round < 30; round += 1) {
        const id = 1_000 * (round % 7) + 1;
        const overriding = product === "sqlite" ? "" : "OVERRIDING SYSTEM VALUE";
        await writer.run(`BEGIN ${product === "sqlite" ? "IMMEDIATE" : ""};
          DELETE FROM tasks WHERE id = ${id} AND ${round % 5} = 0;
          INSERT INTO tasks (id, title) ${overriding} VALUES (${id}, 'w${number} r${round}')
            ON CONFLICT (id) DO UPDATE SET title = excluded.title;
          INSERT INTO tasks (id, title) ${overriding} VALUES (${100_000 * (number + 1) + round}, 'n${number} ${round}');
          ${round % 6 === 5 ? "ROLLBACK" : "COMMIT"}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const following = follow();
    await Promise.all(writers.map(write)).finally(() => {
      isWriting = false;
    });
    await following;
    for (const writer of writers) await writer[Symbol.asyncDispose]();
    const rows = await world.run("SELECT id, title FROM tasks");
    expect(rows.length).toBeGreaterThan(50);
    const live = [...titles].filter(([, title]) => title !== "gone");
    expect(new Map(live)).toEqual(new Map(rows.map((row) => [String(row.id), String(row.title)])));
  });

  it("sees every committed statement of a program that is killed, and no other", async () => {
    await using world = await sqlWorld(product);
    const { connector, checkpoint } = await reading(world);
    const child = spawn(process.execPath, [join(import.meta.dirname, "children/sql-writer.ts"), world.url], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const rows = await world.run("SELECT id, title FROM tasks ORDER BY id");
    expect(rows.length).toBeGreaterThan(0);
    // Postgres ends the transaction of a lost connection a little later.
    await expect
      .poll(async () => shown((await pull(connector, "changes", checkpoint)).records))
      .toEqual(rows.map((row) => [String(row.id), "live", row.title]));
  });
});
