import { once } from "node:events";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { pull } from "../../src/connector/connector.suite.ts";
import type { RecordWrite } from "../../src/connector/connector.ts";
import type { Json } from "../../src/core/json.ts";
import {
  applied,
  grantRead,
  inTime,
  limitedUrl,
  type Product,
  products,
  recordIn,
  useSqlWorlds,
} from "./sql-world.ts";

const sqlWorld = useSqlWorlds();

const strictTable: Record<Product, string> = {
  sqlite: `CREATE TABLE projects (id INTEGER PRIMARY KEY);
    CREATE TABLE strict_tasks (id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT 'untitled', email TEXT UNIQUE, points INTEGER,
      code TEXT CONSTRAINT short_code CHECK (length(code) <= 5), project_id INTEGER REFERENCES projects (id), when_on DATE,
      doubled INTEGER GENERATED ALWAYS AS (points * 2), lockstep_id TEXT UNIQUE,
      CONSTRAINT positive CHECK (points > 0)) STRICT;
    CREATE TRIGGER no_devil BEFORE INSERT ON strict_tasks WHEN NEW.points = 666 BEGIN SELECT RAISE(ABORT, 'not this number'); END;
    INSERT INTO strict_tasks (id, email) VALUES ('taken', 'taken@')`.replace("when_on DATE", "when_on TEXT"),
  postgres: `CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TABLE projects (id integer PRIMARY KEY);
    CREATE TABLE strict_tasks (id text PRIMARY KEY, title text NOT NULL DEFAULT 'untitled', email text CONSTRAINT one_email UNIQUE,
      points integer CONSTRAINT positive CHECK (points > 0), code varchar(5), project_id integer REFERENCES projects (id),
      when_on date, mood mood, doubled integer GENERATED ALWAYS AS (points * 2) STORED, lockstep_id text UNIQUE);
    CREATE FUNCTION no_devil() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.points = 666 THEN RAISE EXCEPTION 'not this number'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER no_devil BEFORE INSERT ON strict_tasks FOR EACH ROW EXECUTE FUNCTION no_devil();
    INSERT INTO strict_tasks (id, email) VALUES ('taken', 'taken@')`,
};

interface Refusal {
  readonly fields: Readonly<Record<string, Json>>;
  readonly code: string;
  /** What the message names. */
  readonly names: readonly string[];
  readonly only?: Product;
}

const refusals: readonly Refusal[] = [
  { fields: { email: "taken@" }, code: "SQL_UNIQUE", names: ["email"] },
  { fields: { title: null }, code: "SQL_NOT_NULL", names: ["title"] },
  { fields: { points: -1 }, code: "SQL_CHECK", names: ["positive"] },
  { fields: { project_id: 7 }, code: "SQL_FOREIGN_KEY", names: ["project_id"] },
  { fields: { code: "abcdefgh" }, code: "SQL_CHECK", names: ["short_code"], only: "sqlite" },
  { fields: { code: "abcdefgh" }, code: "VALUE_TOO_LONG", names: ["code"], only: "postgres" },
  { fields: { mood: "so-so" }, code: "VALUE_INVALID", names: ["mood"], only: "postgres" },
  { fields: { when_on: "tomorrow" }, code: "VALUE_INVALID", names: ["when_on"], only: "postgres" },
  { fields: { points: 2 ** 40 }, code: "VALUE_INVALID", names: ["integer"], only: "postgres" },
  { fields: { title: "a\0b" }, code: "VALUE_INVALID", names: [], only: "postgres" },
  { fields: { title: "half \ud800" }, code: "VALUE_INVALID", names: ["title"] },
  { fields: { points: "many" }, code: "VALUE_INVALID", names: ["points"] },
  { fields: { points: 1.5 }, code: "VALUE_INVALID", names: ["points"] },
  { fields: { title: 12 }, code: "VALUE_INVALID", names: ["title"] },
  { fields: { points: 666 }, code: "SQL_RAISED", names: ["not this number"] },
  { fields: { doubled: 2 }, code: "FIELD_READ_ONLY", names: ["doubled"] },
  { fields: { lockstep_id: "mine" }, code: "FIELD_READ_ONLY", names: ["lockstep_id"] },
  { fields: { nothing: 2 }, code: "FIELD_UNKNOWN", names: ["nothing"] },
];

describe.each(products)("writes on %s", (product) => {
  it.each(refusals.filter(({ only }) => only === undefined || only === product))(
    "are refused with $code for $fields, and leave nothing",
    async ({ fields, code, names }) => {
      await using world = await sqlWorld(product, strictTable[product]);
      const connector = world.connect({
        table: "strict_tasks",
        softDelete: undefined as never,
        keyGenerator: "uuid",
      });
      await connector.capture.install();
      const outcome = await connector.apply({ kind: "create", marker: "m", fields }, inTime);
      expect(outcome).toMatchObject({ kind: "refused", code, retryAfterMs: null });
      const { message } = outcome as { readonly message: string };
      for (const name of names) expect(message).toContain(name);
      expect(message).toContain("strict_tasks");
      for (const value of Object.values(fields)) {
        if (typeof value === "string" && value.length > 4) expect(message).not.toContain(value);
      }
      expect((await pull(connector, "full")).records.map((record) => record.id)).toEqual(["taken"]);
    },
  );

  it("create a row once, however often they are sent, at once or later", async () => {
    await using world = await sqlWorld(product);
    const connector = world.connect({});
    await connector.capture.install();
    const create: RecordWrite = { kind: "create", marker: "m1", fields: { title: "One" } };
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => connector.apply(create, inTime)));
    const ids = new Set(outcomes.map((outcome) => recordIn(outcome).id));
    expect(ids.size).toBe(1);
    const [id = ""] = ids;
    await world.run(`UPDATE tasks SET title = 'By a person' WHERE id = ${id}`);
    expect(await applied(connector, create)).toMatchObject({ id, fields: { title: "By a person" } });
    expect((await connector.find("m1")).records.length).toBe(1);
  });

  it("take the marker for the key where the table has no column for it", async () => {
    await using world = await sqlWorld(
      product,
      `CREATE TABLE plain (id ${product === "sqlite" ? "TEXT" : "uuid"} PRIMARY KEY, title text)`,
    );
    const connector = world.connect({
      table: "plain",
      markerColumn: undefined as never,
      softDelete: undefined as never,
      hardDelete: true,
    });
    await connector.capture.install();
    await world.run("INSERT INTO plain VALUES ('01890000-0000-7000-8000-00000000aaaa', 'Theirs')");
    const marker = "01890000-0000-7000-8000-000000000001";
    const create: RecordWrite = { kind: "create", marker, fields: { title: "One" } };
    const made = await applied(connector, create);
    expect(made).toMatchObject({ id: marker, marker, isOurs: true, fields: { title: "One" } });
    expect(made.fields).not.toHaveProperty("id");
    expect((await applied(connector, create)).revision).toBe(made.revision);
    expect((await connector.find(marker)).records).toEqual([made]);
    expect(await connector.get("01890000-0000-7000-8000-00000000aaaa")).toMatchObject({
      record: { marker: null },
    });
    expect((await connector.find("no such marker")).records).toEqual([]);
  });

  it("are stale when another program was faster, down to the last moment", async () => {
    await using world = await sqlWorld(product);
    const connector = world.connect({});
    await connector.capture.install();
    const made = await applied(connector, { kind: "create", marker: "m1", fields: { title: "One" } });
    const update: RecordWrite = {
      kind: "update",
      id: made.id,
      fields: { title: "Ours" },
      expected: { revision: made.revision },
    };
    await using other = await world.session();
    await other.run(product === "sqlite" ? "BEGIN IMMEDIATE" : "BEGIN");
    await other.run(`UPDATE tasks SET note = 'theirs' WHERE id = ${made.id}`);
    if (product === "sqlite") {
      expect(await connector.apply(update, inTime)).toMatchObject({
        kind: "refused",
        code: "SQL_BUSY",
        retryAfterMs: 1_000,
      });
      await other.run("COMMIT");
      expect(await connector.apply(update, inTime)).toEqual({ kind: "stale" });
    } else {
      const waiting = connector.apply(update, inTime);
      await expect
        .poll(() =>
          world.run(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'lockstep' AND datname = current_database()",
          ),
        )
        .toHaveLength(1);
      await other.run("COMMIT");
      expect(await waiting).toEqual({ kind: "stale" });
    }
    expect(await connector.get(made.id)).toMatchObject({
      record: { fields: { title: "One", note: "theirs" } },
    });
  });

  it("trash a row only in a way that was allowed", async () => {
    await using world = await sqlWorld(product);
    const none = world.connect({ softDelete: undefined as never });
    await none.capture.install();
    const made = await applied(none, { kind: "create", marker: "m1", fields: { title: "One" } });
    const trash: RecordWrite = { kind: "trash", id: made.id, expected: { revision: made.revision } };
    expect(await none.apply(trash, inTime)).toMatchObject({ kind: "refused", code: "SQL_NO_DELETE" });
    const hard = world.connect({ softDelete: undefined as never, hardDelete: true });
    const { end } = await pull(hard, "full");
    expect(await applied(hard, trash)).toMatchObject({ id: made.id, presence: "trashed", fields: {} });
    expect((await hard.get(made.id)).presence).toBe("gone");
    const [deleted] = (await pull(hard, "changes", end.checkpoint)).records;
    expect(deleted).toMatchObject({
      editedBy: "lockstep",
      raw: { prior: { title: "One", lockstep_id: "m1" } },
    });
  });

  it("mark rows deleted in a boolean column too", async () => {
    await using world = await sqlWorld(product);
    const connector = world.connect({ softDelete: { column: "done", kind: "boolean" } });
    await connector.capture.install();
    const made = await applied(connector, { kind: "create", marker: "m1", fields: { title: "One" } });
    const trashed = await applied(connector, {
      kind: "trash",
      id: made.id,
      expected: { revision: made.revision },
    });
    expect(trashed).toMatchObject({ presence: "trashed", fields: { title: "One" } });
    expect((await pull(connector, "sweep")).records).toEqual([]);
    const restore: RecordWrite = {
      kind: "restore",
      id: made.id,
      fields: {},
      expected: { revision: trashed.revision },
    };
    expect((await applied(connector, restore)).presence).toBe("live");
  });

  it("store values that look like SQL as they are", async () => {
    await using world = await sqlWorld(product);
    const connector = world.connect({});
    await connector.capture.install();
    for (const evil of ["'; DROP TABLE tasks; --", '"; --', "$1", "\\'; --", "?", "lockstep_changes_tasks"]) {
      const made = await applied(connector, { kind: "create", marker: evil, fields: { title: evil } });
      expect(made).toMatchObject({ marker: evil, fields: { title: evil } });
      expect((await connector.find(evil)).records).toHaveLength(1);
      expect((await connector.get(evil)).presence).toBe("unknown");
      const outcome = await connector.apply({ kind: "create", marker: "x", fields: { [evil]: 1 } }, inTime);
      expect(outcome).toMatchObject({ kind: "refused", code: "FIELD_UNKNOWN" });
    }
    expect(await world.run("SELECT id FROM tasks")).toHaveLength(6);
  });

  it("are refused while the capture is missing", async () => {
    await using world = await sqlWorld(product);
    const connector = world.connect({});
    const outcome = await connector.apply({ kind: "create", marker: "m", fields: {} }, inTime);
    expect(outcome).toMatchObject({ kind: "refused", code: "SQL_TABLE_UNFIT" });
    expect(await world.run("SELECT id FROM tasks")).toEqual([]);
  });
});

/** Between us and the server: passes everything on, until the message with this text went through one way or the other. */
async function breakingProxy(url: string, broken: { readonly text: string; readonly isDelivered: boolean }) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connectSocket(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    let isBreaking = false;
    client.on("data", (data) => {
      isBreaking ||= data.includes(broken.text);
      if (isBreaking && !broken.isDelivered) client.destroy();
      else upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (isBreaking) client.destroy();
      else client.write(data);
    });
    client.on("close", () => upstream.end());
    upstream.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const through = new URL(url);
  through.port = String(typeof address === "object" ? address?.port : 0);
  return {
    url: through.href,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("writes on postgres", () => {
  it.each([
    { text: "COMMIT\0", isDelivered: true, kind: "doubt", rows: 1 },
    { text: "COMMIT\0", isDelivered: false, kind: "doubt", rows: 0 },
    { text: "INSERT INTO", isDelivered: true, kind: "refused", rows: 0 },
  ])(
    "are in doubt only when the commit itself was lost: $text, arrived $isDelivered",
    async ({ kind, rows, ...broken }) => {
      await using world = await sqlWorld("postgres");
      const sound = world.connect({});
      await sound.capture.install();
      await using proxy = await breakingProxy(world.url, broken);
      const connector = world.connect({ url: proxy.url });
      const create: RecordWrite = { kind: "create", marker: "m1", fields: { title: "One" } };
      const outcome = await connector.apply(create, inTime);
      expect(outcome.kind).toBe(kind);
      if (outcome.kind === "doubt") expect(outcome.committedId).toBe("1");
      if (outcome.kind === "refused") expect(outcome.retryAfterMs).toBeGreaterThanOrEqual(0);
      await expect.poll(async () => (await sound.find("m1")).records).toHaveLength(rows);
      // Sent again, whatever became of it, it is there once.
      await applied(sound, create);
      expect(await world.run("SELECT id FROM tasks")).toHaveLength(1);
    },
  );

  it("name the right that is missing", async () => {
    await using world = await sqlWorld("postgres");
    await world.connect({}).capture.install();
    const connector = world.connect({ url: await limitedUrl(world) });
    await world.run(`${grantRead}; REVOKE INSERT ON tasks FROM limited`);
    const outcome = await connector.apply({ kind: "create", marker: "m", fields: {} }, inTime);
    expect(outcome).toMatchObject({ kind: "refused", code: "SQL_NOT_PERMITTED" });
  });

  it("are refused, not lost, when a trigger of the table discards them", async () => {
    await using world = await sqlWorld("postgres");
    const connector = world.connect({});
    await connector.capture.install();
    await world.run(`CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER ignore BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION ignore()`);
    const outcome = await connector.apply({ kind: "create", marker: "m", fields: {} }, inTime);
    expect(outcome).toMatchObject({ kind: "refused", code: "SQL_RAISED" });
  });

  it("are refused when the server finds the fault only at the commit", async () => {
    await using world = await sqlWorld("postgres");
    await world.run(
      "ALTER TABLE tasks ADD CONSTRAINT late UNIQUE (note) DEFERRABLE INITIALLY DEFERRED; INSERT INTO tasks (note) VALUES ('n')",
    );
    const connector = world.connect({});
    await connector.capture.install();
    const outcome = await connector.apply({ kind: "create", marker: "m", fields: { note: "n" } }, inTime);
    expect(outcome).toMatchObject({
      kind: "refused",
      code: "SQL_UNIQUE",
      message: expect.stringContaining("note"),
    });
  });

  it("and reads never show the password", async () => {
    await using world = await sqlWorld("postgres");
    const url = new URL(world.url);
    url.password = "sesame-dummy";
    const connector = world.connect({ url: url.href.replace(/test_\w+/, "no_such_database") });
    const create: RecordWrite = { kind: "create", marker: "m", fields: {} };
    for (const attempt of [() => connector.describe(), () => connector.apply(create, inTime)]) {
      const error: unknown = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "ACCESS_LOST" });
      expect(String(error)).not.toContain("sesame");
    }
  });
});
