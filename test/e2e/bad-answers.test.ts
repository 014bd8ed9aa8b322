import { describe, expect, it } from "vitest";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import type { FaultRule } from "../../src/emulator/index.ts";
import { documentIn } from "./cli.ts";
import { type Meddle, type Passing, startMeddler } from "./meddler.ts";
import { differences, type RunsDocument, World } from "./world.ts";

type Rows = readonly { readonly [key: string]: Json }[];

const isQuery = ({ path }: Passing) => path.endsWith("/query");
const rowsIn = ({ body }: Passing) => body.results as Rows;

/** Meddles with the answers to queries alone. */
function inQueries(change: (passing: Passing) => unknown, status = 200): Meddle {
  return (passing) => (isQuery(passing) ? { status, body: change(passing) } : null);
}

/** Always the first answer, changed: what comes after it follows from a cursor that the emulator never gave. */
function firstOf(change: (first: Passing, index: number) => unknown): (passing: Passing) => unknown {
  let first: Passing | null = null;
  let index = 0;
  return (passing) => {
    first ??= passing;
    index += 1;
    return change(first, index);
  };
}

/** The same query answers with its rows changed. */
function inRows(change: (row: Rows[number], index: number) => Json): Meddle {
  return inQueries((passing) => ({ ...passing.body, results: rowsIn(passing).map(change) }));
}

interface BadAnswer {
  readonly what: string;
  readonly fault?: FaultRule["effect"];
  readonly meddle?: Meddle;
  readonly code: string;
  readonly says: string;
}

/** Answers from which nothing may follow: the run fails, and says why. */
const fatal: readonly BadAnswer[] = [
  {
    what: "502 as a page of HTML",
    fault: { kind: "status", status: 502 },
    code: "UPSTREAM_FAILED",
    says: "with 502",
  },
  {
    what: "500 again and again",
    fault: { kind: "status", status: 500 },
    code: "UPSTREAM_FAILED",
    says: "with 500",
  },
  { what: "JSON that is none", fault: { kind: "invalid_json" }, code: "UPSTREAM_FAILED", says: "not JSON" },
  { what: "a body cut short", fault: { kind: "truncate" }, code: "UPSTREAM_FAILED", says: "Tried 3 times" },
  {
    what: "a dropped connection",
    fault: { kind: "drop", when: "before" },
    code: "UPSTREAM_FAILED",
    says: "Tried 3 times",
  },
  {
    what: "an empty list with 200",
    fault: { kind: "empty_list" },
    code: "SWEEP_INCOMPLETE",
    says: "still in place",
  },
  {
    what: "a login page with 200",
    meddle: inQueries(() => "<html><body>Sign in to the hotel's network</body></html>"),
    code: "UPSTREAM_FAILED",
    says: "not JSON",
  },
  {
    what: "a refusal in HTML",
    meddle: inQueries(() => "<html>403 Forbidden</html>", 403),
    code: "UPSTREAM_FAILED",
    says: "a proxy or firewall",
  },
  { what: "200 with null", meddle: inQueries(() => "null"), code: "NOTION_UNEXPECTED", says: "expected" },
  {
    what: "200 with a list of its own",
    meddle: inQueries(() => []),
    code: "NOTION_UNEXPECTED",
    says: "expected",
  },
  {
    what: "200 with another object",
    meddle: inQueries(() => ({ object: "user", id: "x" })),
    code: "NOTION_UNEXPECTED",
    says: "expected a list",
  },
  {
    what: "a list without results",
    meddle: inQueries(({ body }) => ({ ...body, results: null })),
    code: "NOTION_UNEXPECTED",
    says: "expected a list",
  },
  {
    what: "more to come, and no cursor",
    meddle: inQueries(({ body }) => ({ ...body, has_more: true, next_cursor: null })),
    code: "NOTION_UNEXPECTED",
    says: "expected a cursor",
  },
  {
    what: "the same page and cursor for ever",
    meddle: inQueries(firstOf(({ body }) => ({ ...body, has_more: true, next_cursor: "same" }))),
    code: "NOTION_UNEXPECTED",
    says: "its list does not end: it gave the same cursor twice",
  },
  {
    what: "pages without end, each with a cursor of its own",
    meddle: inQueries(
      firstOf(({ body }, index) => ({ ...body, has_more: true, next_cursor: `page-${index}` })),
    ),
    code: "NOTION_UNEXPECTED",
    says: "its list does not end: it listed nothing new on 100 pages in a row",
  },
  {
    what: "a redirect",
    meddle: (passing) =>
      isQuery(passing) ? { status: 302, headers: { location: "https://example.com" } } : null,
    code: "UPSTREAM_FAILED",
    says: "Redirects are not followed",
  },
  {
    what: "a wait longer than a run should take",
    meddle: (passing) =>
      isQuery(passing)
        ? {
            status: 429,
            headers: { "retry-after": "3600" },
            body: { object: "error", status: 429, code: "rate_limited" },
          }
        : null,
    code: "RATE_LIMITED",
    says: "Too many requests",
  },
  {
    what: "a description of something else",
    meddle: ({ path, method }) =>
      method === "GET" && path.includes("/data_sources/") ? { body: { object: "page", id: "x" } } : null,
    code: "NOTION_UNEXPECTED",
    says: "got something else",
  },
];

/** Notion says something strange about rows, and everything else goes on. */
const survivable: readonly { readonly what: string; readonly meddle: Meddle; readonly warns: boolean }[] = [
  {
    what: "a row without properties",
    meddle: inRows((row, index) => (index === 0 ? { object: "page", id: row.id ?? null } : row)),
    warns: true,
  },
  { what: "a row that is null", meddle: inRows((row, index) => (index === 0 ? null : row)), warns: true },
  {
    what: "a property of an unknown type",
    meddle: inRows((row) =>
      withProperty(row, "Mood", { id: "mood", type: "hologram", hologram: { depth: 3 } }),
    ),
    warns: false,
  },
  {
    what: "a property without an id",
    meddle: inRows((row) => withProperty(row, "Loose", { type: "number", number: 3 })),
    warns: false,
  },
  {
    what: "a property that is null",
    meddle: inRows((row) => withProperty(row, "Nothing", null)),
    warns: false,
  },
];

function withProperty(row: Rows[number], name: string, value: Json): Json {
  const properties = isJsonObject(row.properties) ? row.properties : {};
  return { ...row, properties: { ...properties, [name]: value } };
}

describe.concurrent("an answer from which nothing may follow", () => {
  it.each(fatal)("fails the run with evidence, deletes nothing, and heals: $what", async (bad) => {
    const { code, says } = bad;
    await using world = await World.open({ rows: 8 });
    await using meddler = await startMeddler(world.emulator.url);
    await world.sync();
    await world.retitle(world.row(0), "Edited");
    await world.person("trashPage", { pageId: world.row(1) });
    world.baseUrl = meddler.url;
    if (bad.meddle !== undefined) meddler.meddle = bad.meddle;
    if (bad.fault !== undefined) {
      world.baseUrl = world.emulator.url;
      world.emulator.faults.add({ match: { path: "/query$" }, effect: bad.fault });
    }
    const failed = await world.lockstep(["sync", "--json", "--allow-deletes", "1000"]);
    expect(failed.stderr).not.toMatch(/^ +at /m);
    expect(failed.exitCode, failed.stdout).toBe(1);
    const { run } = documentIn<RunsDocument>(failed).runs[0] ?? {};
    expect(run).toMatchObject({ status: "failed", counts: { deleted: 0, missing: 0 } });
    expect(run?.errors.map((error) => error.code)).toEqual([code]);
    expect(run?.errors[0]?.message).toContain(says);
    // A run that fails in its sweep has read what changed before; the checkpoint may say so, and only then.
    const hasRead = world.tasks().get(world.row(0))?.title === "Edited";
    if (!hasRead) expect(run?.checkpointAfter).toEqual(run?.checkpointBefore);
    expect(world.deleted()).toBe(0);
    const kept = world.query<{ id: string; errors: string }>(
      "SELECT id, errors FROM runs ORDER BY rowid DESC LIMIT 1",
    );
    expect(kept, "the evidence is kept").toEqual([{ id: run?.id, errors: JSON.stringify(run?.errors) }]);

    world.emulator.faults.clear();
    meddler.meddle = () => null;
    expect(await world.sync()).toMatchObject({
      exitCode: 0,
      run: { counts: { updated: hasRead ? 0 : 1, deleted: 1 } },
    });
    expect(differences(await world.truth(), world.tasks())).toEqual([]);
  });
});

describe.concurrent("a row that is not as rows are", () => {
  it.each(survivable)("stops no other, loses nothing, and heals: $what", async ({ meddle, warns }) => {
    await using world = await World.open({ rows: 8 });
    await using meddler = await startMeddler(world.emulator.url);
    await world.sync();
    await world.retitle(world.row(5), "Edited");
    world.baseUrl = meddler.url;
    meddler.meddle = meddle;
    const strange = await world.sync();
    expect(strange.stderr).toBe("");
    expect(strange).toMatchObject({ exitCode: 0, run: { counts: { deleted: 0, missing: 0 } } });
    expect(world.deleted()).toBe(0);
    const certificate = strange.run?.certificate;
    expect(isJsonObject(certificate ?? null) && certificate, "unreadable rows are named").toMatchObject({
      unreadableCount: warns ? expect.any(Number) : 0,
    });
    meddler.meddle = () => null;
    expect((await world.sync()).exitCode).toBe(0);
    expect(differences(await world.truth(), world.tasks())).toEqual([]);
    expect(await world.sync()).toMatchObject({ exitCode: 0, run: { counts: { updated: 0, created: 0 } } });
  });
});

describe.concurrent("a service in trouble", () => {
  it("is waited for as long as it asks, and the run goes on", async () => {
    await using world = await World.open({ rows: 8 });
    world.emulator.faults.add({
      match: { path: "/query$", times: 2 },
      effect: { kind: "status", status: 429, retryAfter: 1 },
    });
    const startedAt = performance.now();
    const { run, exitCode } = await world.sync();
    expect({ exitCode, retries: run?.retries }).toEqual({ exitCode: 0, retries: 2 });
    expect(performance.now() - startedAt).toBeGreaterThan(2_000);
    expect(differences(await world.truth(), world.tasks())).toEqual([]);
  });

  it("that recovers while it is asked again costs retries, and nothing else", async () => {
    await using world = await World.open({ rows: 8 });
    for (const effect of [
      { kind: "status", status: 503 },
      { kind: "truncate" },
      { kind: "drop", when: "after" },
    ] as const) {
      world.emulator.faults.clear();
      world.emulator.faults.add({ match: { path: "/query$", nth: 1 }, effect });
      expect(await world.sync(["--full"])).toMatchObject({
        exitCode: 0,
        run: { retries: 1, status: "succeeded" },
      });
    }
    expect(differences(await world.truth(), world.tasks())).toEqual([]);
  });

  it("is left alone after five failures in a row, for every database, each with its evidence", async () => {
    await using world = await World.open({ rows: 3 });
    const others = world.emulator.workspace.createDatabase({
      title: "Others",
      dataSources: [{ name: "Others", properties: { Name: { title: {} } } }],
    });
    const entry = (name: string, notionDatabaseId: string) => ({
      name,
      notionDatabaseId,
      projectScopeId: "team-a",
    });
    await world.configure({
      databases: [entry("tasks", world.databaseId), entry("others", others.databaseId)],
    });
    await world.sync();
    world.emulator.faults.add({ effect: { kind: "status", status: 500 } });
    world.emulator.calls.reset();
    const down = await world.sync();
    expect(down).toMatchObject({ exitCode: 1, codes: ["UPSTREAM_FAILED", "CIRCUIT_OPEN"] });
    expect(world.emulator.calls.total, "asked five times in all").toBe(5);
    const text = await world.lockstep(["runs", "--json"]);
    expect(
      documentIn<RunsDocument>(text)
        .runs.slice(0, 2)
        .map(({ sync, run }) => [sync, run.status, run.calls]),
    ).toEqual([
      ["others", "failed", 2],
      ["tasks", "failed", 3],
    ]);
    world.emulator.faults.clear();
    expect(await world.sync()).toMatchObject({ exitCode: 0, codes: [] });
  });

  it("at the first lookup leaves evidence too", async () => {
    await using world = await World.open({ rows: 3 });
    world.emulator.faults.add({ effect: { kind: "status", status: 502 } });
    expect(await world.sync()).toMatchObject({
      exitCode: 1,
      codes: ["UPSTREAM_FAILED"],
      run: { calls: 3, retries: 2 },
    });
    expect(await world.runs()).toMatchObject([{ status: "failed", errors: [{ code: "UPSTREAM_FAILED" }] }]);
    const plan = await world.lockstep(["plan"]);
    expect(plan).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("UPSTREAM_FAILED") });
    world.emulator.faults.clear();
    expect(await world.sync()).toMatchObject({ exitCode: 0, run: { counts: { created: 3 } } });
  });

  it("that cannot be reached at all is a failed run", async () => {
    await using world = await World.open({ rows: 3 });
    world.baseUrl = "http://127.0.0.1:9";
    const failed = await world.lockstep(["sync"]);
    expect(failed).toMatchObject({ exitCode: 1, stderr: "" });
    expect(failed.stdout).toContain("UPSTREAM_FAILED");
    expect(failed.stdout).toContain("→ ");
  });
});
