import { describe, expect, it } from "vitest";
import type { PlanReport } from "../../src/app/lockstep.ts";
import type { Choice, Setup } from "../../src/app/setup.ts";
import type {
  CaptureReport,
  ConflictReport,
  HoldReport,
  PairPlanReport,
  ProblemReport,
} from "../../src/app/two-way.ts";
import { LockstepError } from "../../src/core/errors.ts";
import type { Run } from "../../src/store/store.ts";
import { fakeLockstep, makeRun, notionId } from "./fake-lockstep.ts";
import { run } from "./harness.ts";

const sides = { left: "Notion", right: "people" };

const conflict: ConflictReport = {
  id: "01a1-conflict",
  sync: "people",
  sides,
  title: "Ada",
  leftId: "page",
  rightId: "1",
  field: "Age",
  base: 36,
  left: 37,
  right: 40,
  leftActor: "user-ada",
  rightActor: null,
  openedAt: "2026-11-21T10:00:00.000Z",
  winner: null,
  settledBy: null,
};

const hold: HoldReport = {
  id: "01a1-hold",
  sync: "people",
  kind: "mass-delete",
  message: "12 of 14 records are certified as deleted",
  count: 12,
  openedAt: "2026-11-21T10:00:00.000Z",
  decision: null,
  decidedBy: null,
};

const problem: ProblemReport = {
  sync: "people",
  linkId: "link",
  title: "Linus",
  leftId: "page-2",
  rightId: "2",
  problem: "OPTION_UNKNOWN: the property has no such option",
  nextTryAt: "2026-11-21T10:01:00.000Z",
};

const twoWayRun: Partial<Run> = {
  type: "two-way",
  source: "Notion and people",
  certificate: {
    windows: [
      { side: "left", rows: 3 },
      { side: "right", rows: 1 },
      { side: "right", rows: 1 },
    ],
    writes: { applied: 2, stale: 0, refused: 1, doubt: 1 },
    hints: 1,
    unreadableCount: 0,
  },
};

describe("sync of a two-way sync", () => {
  it.each([
    [{ conflicts: 1, holds: 0, problems: 0 }, 4, "1 open conflict: `lockstep conflicts` shows them"],
    [
      { conflicts: 0, holds: 1, problems: 2 },
      0,
      "1 held back, 2 records with a problem: `lockstep conflicts` shows them",
    ],
    [{ conflicts: 0, holds: 0, problems: 0 }, 0, "2 writes applied"],
  ])("exits by what is open: %j", async (open, expected, text) => {
    const fake = await fakeLockstep();
    fake.script.sync = async () => [{ sync: "people", run: makeRun(twoWayRun), open }];
    const { exitCode, stdout } = await run(fake, ["sync", "--yes"]);
    expect(exitCode).toBe(expected);
    expect(stdout).toContain(text);
    expect(stdout).toContain(
      "people: read 3 records of Notion and 2 of people, took up 1 hint; 2 writes applied, 1 refused, 1 in doubt.",
    );
    expect(fake.calls[0]).toMatchObject({ name: "sync", args: [[], { isAccepted: true }] });
  });

  it("lets a refusal and a failure outweigh an open conflict", async () => {
    const fake = await fakeLockstep();
    const open = { conflicts: 1, holds: 1, problems: 0 };
    const refused = makeRun({
      ...twoWayRun,
      status: "refused",
      errors: [{ code: "GUARD_REFUSED", message: "first run" }],
    });
    fake.script.sync = async () => [{ sync: "people", run: refused, open }];
    const { exitCode, stdout } = await run(fake, ["sync"]);
    expect(exitCode).toBe(3);
    expect(stdout).toContain("`lockstep sync --yes`");
  });
});

describe("plan of a two-way sync", () => {
  const report: PairPlanReport = {
    type: "two-way",
    sync: "people",
    sides,
    records: [
      {
        linkId: "l1",
        leftId: "p",
        rightId: "1",
        title: "Ada",
        writes: [
          { side: "left", kind: "update", fields: [{ field: "VIP", from: false, to: true }] },
          { side: "right", kind: "create", fields: [{ field: "Name", from: null, to: "Ada" }] },
          { side: "right", kind: "trash", fields: [] },
        ],
        conflicts: [{ field: "Age", base: 36, left: 37, right: 40 }],
        waiting: [{ field: "Stage", message: '"Blocked" is not in the map of this field' }],
        isUnlinked: false,
      },
      {
        linkId: "l2",
        leftId: "p2",
        rightId: "2",
        title: "Linus",
        writes: [],
        conflicts: [],
        waiting: [],
        isUnlinked: true,
      },
    ],
    recordCount: 5,
    counts: { create: 1, update: 1, delete: 1, revive: 0, conflict: 1, waiting: 1, unlink: 1 },
    unchanged: 7,
    mustBeAccepted: true,
    refusal: null,
    calls: 2,
    warnings: ["a property is gone"],
    error: null,
  };

  it("prints who would be written where, both values of a conflict, and what waits", async () => {
    const fake = await fakeLockstep();
    fake.script.plan = [report];
    const { exitCode, stdout } = await run(fake, ["plan"]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "people: 1 to create, 1 to update, 1 to delete, 1 in conflict, 1 values without a word on the other side, 1 to part from its counterpart, 7 unchanged (Notion and people, 2 calls)",
      "  ~ Ada  (update in Notion)",
      "      VIP: false → true",
      "  + Ada  (create in people)",
      "      Name: Ada",
      "  - Ada  (delete in people)",
      "  ! Ada  Age: Notion says 37, people says 40, before 36",
      '  ? Ada  Stage: "Blocked" is not in the map of this field',
      "  / Linus  (deleted on one side; the other stays, and is no longer synced)",
      "  … and 3 more records",
      "  It writes to both sides, and a person has to let it: lockstep sync people --yes",
      "  warning: a property is gone",
      "",
    ]);
  });

  it.each<[string, Partial<PairPlanReport>, number]>([
    ["refused", { refusal: "too many deletions" }, 3],
    ["failed", { error: { code: "SQL_TABLE_UNFIT", message: "it has no primary key" } }, 1],
  ])("exits as the run would: %s", async (_name, changes, expected) => {
    const fake = await fakeLockstep();
    const plan: PlanReport = { ...report, ...changes };
    fake.script.plan = [plan];
    expect((await run(fake, ["plan"])).exitCode).toBe(expected);
  });
});

describe("conflicts", () => {
  it("shows both values with their authors, what is held back, and records with a problem", async () => {
    const fake = await fakeLockstep();
    fake.script.twoWay = {
      questions: async () => ({ conflicts: [conflict], holds: [hold], problems: [problem] }),
    };
    const { exitCode, stdout } = await run(fake, ["conflicts"]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n")).toEqual([
      '01a1-conflict  people, "Ada"',
      "  Age, since 2026-11-21 10:00Z",
      "  Notion: 37  (by user-ada)",
      "  people: 40",
      "  before: 36",
      "",
      "01a1-hold  people, mass-delete, since 2026-11-21 10:00Z",
      "  12 of 14 records are certified as deleted",
      "",
      '"Linus" in people (page-2, 2)',
      "  OPTION_UNKNOWN: the property has no such option",
      "  → add the option in Notion, or map the value to one that is there",
      "  tried again at 2026-11-21 10:01Z, and when it changes",
      "",
      "Settle one with: lockstep conflicts resolve ID --take notion|table|github",
      "Decide what is held back: lockstep conflicts approve ID, or reject ID",
      "",
    ]);
    const { stdout: json } = await run(fake, ["conflicts", "--json"]);
    expect(JSON.parse(json)).toMatchObject({
      ok: true,
      conflicts: [{ id: "01a1-conflict" }],
      holds: [{ count: 12 }],
    });
  });

  it("tells a record that was deleted on one side and edited on the other", async () => {
    const fake = await fakeLockstep();
    const gone = { ...conflict, field: "$presence", base: "live", left: "trashed", right: "live" };
    fake.script.twoWay = { questions: async () => ({ conflicts: [gone], holds: [], problems: [] }) };
    const { stdout } = await run(fake, ["conflicts"]);
    expect(stdout).toContain(
      "deleted on one side, edited on the other, since 2026-11-21 10:00Z\n  Notion: deleted",
    );
  });

  it("says when nothing waits", async () => {
    expect((await run(await fakeLockstep(), ["conflicts"])).stdout).toBe("Nothing waits for a person.\n");
  });

  it("settles several at once, in the name of who asks", async () => {
    const fake = await fakeLockstep();
    const asked: unknown[] = [];
    fake.script.twoWay = {
      settle: async (input) => {
        asked.push(input);
        return { ...conflict, winner: "right", settledBy: input.by };
      },
    };
    const argv = ["conflicts", "resolve", "01a1", "01a2", "--take", "table"];
    const { exitCode, stdout } = await run(fake, argv, { env: { USER: "ada" } });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Ada, Age: people wins.\n");
    expect(asked).toEqual([
      { id: "01a1", take: "table", by: "cli:ada" },
      { id: "01a2", take: "table", by: "cli:ada" },
    ]);
    const json = await run(fake, [...argv, "--json"], { env: { USER: "ada" } });
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, conflicts: [{ winner: "right" }, {}] });
  });

  it.each([
    ["approve", "approved"],
    ["reject", "rejected"],
  ] as const)("can %s what is held back", async (verb, decision) => {
    const fake = await fakeLockstep();
    fake.script.twoWay = { decide: async ({ id, by }) => ({ ...hold, id, decision, decidedBy: by }) };
    const { exitCode, stdout } = await run(fake, ["conflicts", verb, "01a1"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`people: mass-delete ${decision}.`);
  });

  it.each([
    [["conflicts", "resolve", "x"], "--take: expected notion, table or github"],
    [["conflicts", "resolve", "x", "--take", "mine"], 'got "mine"'],
    [["conflicts", "resolve"], "Missing required argument"],
    [["conflicts", "resolv", "x"], "Too many arguments"],
    [["conflicts", "--limit", "many"], "--limit: expected a whole number"],
  ])("refuses %j", async (argv, message) => {
    const { exitCode, stderr } = await run(await fakeLockstep(), argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("table", () => {
  const report: CaptureReport = {
    sync: "people",
    property: { name: "Lockstep ID", isThere: false },
    sql: "CREATE TRIGGER …;\n",
  };

  async function capturing() {
    const fake = await fakeLockstep();
    const done: string[] = [];
    fake.script.twoWay = {
      showCapture: async (_sync, what) => ({
        ...report,
        sql: what === "install" ? report.sql : "DROP TRIGGER …;\n",
      }),
      install: async (sync) => {
        done.push(`install ${sync}`);
        return report;
      },
      remove: async (sync) => {
        done.push(`remove ${sync}`);
        return report;
      },
    };
    return { fake, done };
  }

  it("show prints what would be run, and runs nothing", async () => {
    const { fake, done } = await capturing();
    const { stdout } = await run(fake, ["table", "show", "people"]);
    expect(stdout).toBe(
      '-- In Notion: adds the text property "Lockstep ID".\n-- In the table\'s database:\nCREATE TRIGGER …;\n',
    );
    expect((await run(fake, ["table", "show", "people", "--remove"])).stdout).toContain("DROP TRIGGER");
    expect(done).toEqual([]);
  });

  it.each(["install", "remove"])("%s does it only when a person has said yes", async (verb) => {
    const { fake, done } = await capturing();
    const argv = ["table", verb, "people"];
    expect(await run(fake, argv)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("give --yes"),
    });
    const no = await run(fake, argv, { answers: ["no"] });
    expect(no).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Nothing was changed") });
    expect(no.stderr).toContain("TRIGGER …");
    expect(done).toEqual([]);
    expect((await run(fake, argv, { answers: ["y"] })).exitCode).toBe(0);
    expect((await run(fake, [...argv, "--yes", "--json"])).exitCode).toBe(0);
    expect(done).toEqual([`${verb} people`, `${verb} people`]);
  });
});

describe("doctor", () => {
  it.each([
    ["ok", 0],
    ["warn", 0],
    ["failed", 1],
  ] as const)("prints a line for each check, and exits by the worst: %s", async (state, expected) => {
    const fake = await fakeLockstep();
    fake.script.findings = [
      { sync: null, check: "token", state: "ok", detail: "Notion knows it", mend: null },
      {
        sync: "people",
        check: "table",
        state,
        detail: "its triggers",
        mend: state === "ok" ? null : "install them",
      },
    ];
    const { exitCode, stdout } = await run(fake, ["doctor"]);
    expect(exitCode).toBe(expected);
    expect(stdout).toContain("ok    token: Notion knows it\n");
    expect(stdout.includes("      → install them")).toBe(state !== "ok");
  });
});

describe("init", () => {
  const choice = (name: string, more: Partial<Choice> = {}): Choice => ({
    name,
    type: "text",
    isTitle: false,
    isComputed: false,
    ...more,
  });
  const setup: Setup = {
    shared: async () => [
      { id: "11111111-1111-1111-1111-111111111111", name: "Notes" },
      { id: notionId, name: "People" },
    ],
    find: async (link) => [{ id: link, name: "Our People" }],
    properties: async () => [choice("Full name", { isTitle: true }), choice("Due date"), choice("Mood")],
    columns: async () => [choice("id"), choice("name"), choice("due_date"), choice("spare")],
  };
  const deps = { openSetup: async () => setup };
  const files = { "other.txt": "" };

  async function init(argv: readonly string[], options: Parameters<typeof run>[2] = {}) {
    const ran = await run(await fakeLockstep(), ["init", ...argv, "--json"], { files, deps, ...options });
    return { ...ran, document: ran.stdout === "" ? null : JSON.parse(ran.stdout) };
  }

  it("writes a table sync with the fields that go together by name", async () => {
    const argv = [
      "--notion",
      notionId,
      "--url",
      "sqlite:crm.db",
      "--table",
      "people",
      "--key",
      "id",
      "--marker",
      "m",
    ];
    const { exitCode, document } = await init(argv);
    expect(exitCode).toBe(0);
    expect(document.config.tables).toEqual([
      {
        name: "people",
        notion: { database: notionId },
        table: { url: "sqlite:crm.db", name: "people", key: "id", markerColumn: "m" },
        fields: [
          { property: "Full name", column: "name" },
          { property: "Due date", column: "due_date" },
        ],
      },
    ]);
  });

  it("takes fields, a name, a match and a variable as they are given", async () => {
    const argv = [
      "--notion",
      notionId,
      "--url-env",
      "CRM",
      "--table",
      "s.people",
      "--key",
      "id",
      "--name",
      "crm",
    ];
    const fields = ["--field", "A=B=c", "--field", "Mood=spare", "--match", "Mood=spare"];
    const { document } = await init([...argv, ...fields], { env: { CRM: "postgres://me:dummy@db/crm" } });
    expect(document.config.tables).toMatchObject([
      {
        name: "crm",
        table: { url: { env: "CRM" } },
        fields: [
          { property: "A=B", column: "c" },
          { property: "Mood", column: "spare" },
        ],
        match: { property: "Mood", column: "spare" },
      },
    ]);
    expect(JSON.stringify(document)).not.toContain("dummy");
  });

  it("writes a backup", async () => {
    const { document } = await init(["--backup", notionId, "--scope", "team"]);
    expect(document.config).toEqual({
      backup: { databases: [{ name: "our-people", notionDatabaseId: notionId, projectScopeId: "team" }] },
    });
  });

  it("asks a person for everything, and takes Enter for what it proposes", async () => {
    const answers = ["table", "2", "sqlite:crm.db", "people", "", "", "", "-", "spare"];
    const { exitCode, document, stderr } = await init([], { answers });
    expect(exitCode, stderr).toBe(0);
    expect(document.config.tables[0]).toMatchObject({
      notion: { database: notionId },
      table: { key: "id", markerColumn: "lockstep_id" },
      fields: [
        { property: "Full name", column: "name" },
        { property: "Mood", column: "spare" },
      ],
    });
    const backup = await init([], { answers: ["perhaps", "b", "9", "1 2"] });
    expect(backup.document.config.backup.databases).toHaveLength(2);
  });

  it.each<[string, readonly string[], string]>([
    ["nothing, and nobody to ask", [], "Nobody is there to answer"],
    ["a table without the rest", ["--table", "people"], "--notion is missing"],
    [
      "a field that is none",
      ["--notion", notionId, "--url", "sqlite:a", "--table", "t", "--key", "id", "--field", "A"],
      'expected "Property=column"',
    ],
    [
      "a variable that is not set",
      ["--notion", notionId, "--url-env", "NONE", "--table", "t", "--key", "id"],
      "NONE is not set",
    ],
  ])("refuses %s", async (_name, argv, message) => {
    const { exitCode, stderr } = await init(argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });

  it("leaves a configuration that is there alone, unless told otherwise", async () => {
    const there = { files: { "lockstep.config.json": "{}" } };
    const argv = ["--backup", notionId];
    expect(await init(argv, there)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("is there already"),
    });
    expect((await init([...argv, "--force"], there)).exitCode).toBe(0);
  });

  it("says so when nothing is shared with the connection", async () => {
    const nothing = { openSetup: async () => ({ ...setup, shared: async () => [] }) };
    const { exitCode, stderr } = await init([], { answers: [], deps: nothing });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("NOTION_NOT_FOUND");
  });
});

describe("worker", () => {
  it("refuses to start when there is nothing to follow", async () => {
    const { exitCode, stderr } = await run(await fakeLockstep(), ["worker"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("nothing to follow");
  });
});

describe("serve", () => {
  it("opens the window for a handshake only when asked to, and shows the token on stderr", async () => {
    const fake = await fakeLockstep();
    const opened: string[] = [];
    fake.script.twoWay = {
      awaitHandshake: () => opened.push("window"),
      receive: async () => ({ kind: "token", token: "secret_dummy" }),
    };
    const stopping = new AbortController();
    const onStdout = (text: string) => {
      const { url } = JSON.parse(text);
      void fetch(`${url}/webhook/notion`, { method: "POST", body: "{}" }).finally(() => stopping.abort());
    };
    const argv = ["serve", "--port", "0", "--json", "--accept-webhook-verification"];
    const env = { NOTION_TOKEN: "ntn_dummy" };
    const { stderr } = await run(fake, argv, { env, signal: stopping.signal, onStdout });
    expect(opened).toEqual(["window"]);
    expect(stderr).toContain("NOTION_WEBHOOK_SECRET=secret_dummy");
    const quiet = { env, signal: AbortSignal.abort() };
    await run(fake, ["serve", "--port", "0"], quiet);
    expect(opened).toEqual(["window"]);
  });
});

describe("history of a record that is synced both ways", () => {
  it("shows its versions, and whether they are what was written", async () => {
    const fake = await fakeLockstep();
    const version = {
      linkId: "l",
      seq: 1,
      side: "right",
      origin: "person",
      actor: null,
      detectedBy: "poll",
      fields: { Age: 40, $presence: "live" },
      prior: { Age: 36 },
      reason: "seen",
      recordRevision: "1",
      runId: "r",
      at: "2026-11-21T10:00:00.000Z",
      prevHash: "",
      hash: "h",
    } as const;
    const report = {
      sync: "people",
      sides,
      linkId: "l",
      leftId: "page",
      rightId: "1",
      title: "Ada",
      status: "live",
      problem: null,
      versions: [version, { ...version, seq: 2, side: "left", origin: "engine" } as const],
      flaw: null,
    };
    fake.script.twoWay = { history: async () => report };
    const { exitCode, stdout } = await run(fake, ["history", "Ada"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      '"Ada" in people, live: Notion page, people 1\nThe history is exactly what was written.',
    );
    expect(stdout).toMatch(
      / 2 {2}2026-11-21 10:00Z {2}Notion {2}lockstep {2}Age: 36 → 40; record: live {2}seen/,
    );
    fake.script.twoWay = { history: async () => ({ ...report, flaw: "version 1: its content …" }) };
    expect((await run(fake, ["history", "Ada"])).stdout).toContain("THE HISTORY WAS CHANGED: version 1");
    fake.script.twoWay = { history: () => Promise.reject(new LockstepError("STORE_FAILED", "the disk")) };
    expect((await run(fake, ["history", "Ada"])).exitCode).toBe(1);
  });
});
