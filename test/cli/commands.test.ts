import { describe, expect, it } from "vitest";
import type { BackupPlanReport, PlanReport, RunReport } from "../../src/app/lockstep.ts";
import type { OpenRequest } from "../../src/cli/deps.ts";
import { LockstepError } from "../../src/core/errors.ts";
import { fakeLockstep, makeRun } from "./fake-lockstep.ts";
import { run } from "./harness.ts";

const refused = makeRun({
  status: "refused",
  errors: [{ code: "GUARD_REFUSED", message: "40 of 60 rows are gone" }],
});
const failed = makeRun({
  status: "failed",
  certificate: null,
  errors: [{ code: "NOTION_UNAUTHORIZED", message: "Notion does not accept the token" }],
});
const busy = makeRun({
  status: "refused",
  errors: [{ code: "RUN_IN_PROGRESS", message: "another run holds it" }],
});

function plan(changes: Partial<BackupPlanReport>): PlanReport {
  return {
    type: "import",
    sync: "roadmap",
    actions: [],
    counts: { create: 0, update: 0, delete: 0, revive: 0, missing: 0, leave: 0 },
    unchanged: 5,
    refusal: null,
    calls: 1,
    warnings: [],
    error: null,
    ...changes,
  };
}

describe("sync", () => {
  it("prints a table, the certificate in a sentence, and exits 0", async () => {
    const fake = await fakeLockstep();
    const { exitCode, stdout, stderr } = await run(fake, ["sync"]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "SYNC     STATUS     READ  CREATED  UPDATED  UNCHANGED  DELETED  REVIVED  CONFLICTS  MISSING  CALLS  RETRIES  SECONDS",
      "roadmap  succeeded    12        3        2          7        1        0          1        0      4        1  2.5",
      "",
      "roadmap: complete: all 12 rows read to the end, 1 absent, 1 deletion certified; 11 live tasks.",
      "",
    ]);
    expect(stderr).toBe("");
    expect(fake.calls.at(-1)?.name).toBe("close");
  });

  it("passes names and flags on", async () => {
    const fake = await fakeLockstep();
    await run(fake, ["sync", "roadmap", "--full", "--allow-deletes", "7"]);
    expect(fake.calls[0]).toMatchObject({
      name: "sync",
      args: [["roadmap"], { isFull: true, allowDeletes: 7, trigger: "cli" }],
    });
  });

  it.each<[string, readonly RunReport["run"][], number]>([
    ["all succeeded", [makeRun(), makeRun()], 0],
    ["one refused by the guard", [makeRun(), refused], 3],
    ["one failed", [makeRun(), failed], 1],
    ["one failed and one refused", [refused, failed], 1],
    ["cancelled", [makeRun({ status: "cancelled" })], 1],
    ["another run in progress, which no guard refused", [busy], 1],
    ["nothing to sync", [], 0],
  ])("exits by the worst result: %s", async (_name, runs, expected) => {
    const fake = await fakeLockstep();
    fake.script.sync = async () => runs.map((each) => ({ sync: "roadmap", run: each }));
    const { exitCode } = await run(fake, ["sync"]);
    expect(exitCode).toBe(expected);
    const { exitCode: jsonExitCode, stdout } = await run(fake, ["sync", "--json"]);
    expect(jsonExitCode).toBe(expected);
    expect(JSON.parse(stdout)).toMatchObject({ ok: expected === 0 });
  });

  it("shows errors of a run with the step that helps, and its warnings", async () => {
    const fake = await fakeLockstep();
    fake.script.sync = async () => [
      { sync: "roadmap", run: { ...failed, warnings: ["a property is gone"] } },
    ];
    const { stdout } = await run(fake, ["sync"]);
    expect(stdout).toContain("warning: a property is gone");
    expect(stdout).toContain("NOTION_UNAUTHORIZED: Notion does not accept the token");
    expect(stdout).toContain("→ check NOTION_TOKEN");
  });

  it("reports progress on stderr: rewritten for a person, by lines otherwise", async () => {
    const fake = await fakeLockstep();
    fake.script.sync = async (_names, { onProgress }) => {
      const progress = {
        sync: "roadmap",
        phase: "reading",
        rowsExpected: 250,
        calls: 1,
        waitingMs: 2300,
      } as const;
      for (const rows of [100, 200]) onProgress?.({ ...progress, rows });
      return [{ sync: "roadmap", run: makeRun() }];
    };
    let now = 0;
    const deps = { now: () => (now += 3000) };
    const person = await run(fake, ["sync"], { isInteractive: true, deps });
    const line = (rows: number) =>
      `roadmap: reading, ${rows} of about 250 rows, 1 calls, waiting 3 s for the rate limit`;
    expect(person.stderr).toBe(`\r\x1b[2K${line(100)}\r\x1b[2K${line(200)}\r\x1b[2K`);
    const log = await run(fake, ["sync", "--json"], { deps });
    expect(log.stderr).toBe(`${line(200)}\n`);
    expect(JSON.parse(log.stdout).runs).toHaveLength(1);
  });
});

describe("opening", () => {
  it("hands on the configuration, and what the environment says", async () => {
    const fake = await fakeLockstep();
    const opened: OpenRequest[] = [];
    const openLockstep = async (request: OpenRequest) => {
      opened.push(request);
      return fake.lockstep;
    };
    const env = {
      NOTION_TOKEN: "ntn_dummy",
      NOTION_BASE_URL: "http://127.0.0.1:9",
      LOCKSTEP_SYNC_SCHEDULE: "0 5 * * *",
    };
    await run(fake, ["sync"], { env, deps: { openLockstep } });
    expect(opened).toMatchObject([
      {
        secrets: { notionToken: "ntn_dummy", adminToken: null, webhookSecrets: [], databaseUrls: {} },
        baseUrl: "http://127.0.0.1:9",
        isReadOnly: false,
        config: { backup: { databases: [{ name: "roadmap", schedule: { cron: "0 5 * * *" } }] } },
      },
    ]);
  });
});

describe("plan", () => {
  const action = { sourceId: "p", taskId: null, fields: [], isConflict: false };

  it("prints a diff with fields, counts and what is hidden", async () => {
    const fake = await fakeLockstep();
    fake.script.plan = [
      plan({
        counts: { create: 2, update: 1, delete: 1, revive: 0, missing: 0, leave: 0 },
        actions: [
          { ...action, kind: "create", title: "Buy milk" },
          {
            ...action,
            kind: "update",
            title: "Write\x1b[31m report",
            isConflict: true,
            fields: [{ field: "status", from: "Doing", to: null }],
          },
          { ...action, kind: "delete", title: "" },
        ],
        warnings: ["something"],
      }),
    ];
    const { exitCode, stdout } = await run(fake, ["plan"]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "roadmap: 2 to create, 1 to update, 1 to delete, 5 unchanged (1 calls)",
      "  + Buy milk",
      "  ~ Write [31m report  (conflict: Notion's value wins, the other stays in history)",
      "      status: Doing → (empty)",
      "  - (no title)",
      "  … and 1 more",
      "  warning: something",
      "",
    ]);
  });

  it.each<[string, Partial<BackupPlanReport>, number, string]>([
    ["refused", { refusal: "more deletions than allowed" }, 3, "refused: more deletions than allowed"],
    ["failed", { error: { code: "ACCESS_LOST", message: "cannot be read" } }, 1, "→ share the database"],
    ["empty", {}, 0, "roadmap: nothing to do, 5 unchanged"],
  ])("exits as the run would: %s", async (_name, changes, expected, text) => {
    const fake = await fakeLockstep();
    fake.script.plan = [plan(changes)];
    const { exitCode, stdout } = await run(fake, ["plan"]);
    expect(exitCode).toBe(expected);
    expect(stdout).toContain(text);
  });

  it("opens nothing for writing", async () => {
    const fake = await fakeLockstep();
    const opened: boolean[] = [];
    const openLockstep = async ({ isReadOnly }: { isReadOnly: boolean }) => {
      opened.push(isReadOnly);
      return fake.lockstep;
    };
    for (const command of ["plan", "status", "runs", "sync"])
      await run(fake, [command], { deps: { openLockstep } });
    expect(opened).toEqual([true, true, true, false]);
  });
});

describe("status and runs", () => {
  it("show what is configured and what ran", async () => {
    const fake = await fakeLockstep();
    const status = await run(fake, ["status"]);
    expect(status.stdout).toContain("store   sqlite:/place/lockstep.db");
    expect(status.stdout).toContain(
      "roadmap  succeeded  2026-11-21 03:00Z  2026-11-22 03:00Z  0 3 * * * UTC    11",
    );
    const runs = await run(fake, ["runs", "--sync", "roadmap", "--limit", "3"]);
    expect(runs.stdout).toContain("0199-run  roadmap  succeeded  cli");
    expect(fake.calls).toContainEqual({ name: "runs", args: [{ sync: "roadmap", limit: 3 }] });
    const one = await run(fake, ["runs", "--id", "0199-run"]);
    expect(one.stdout).toContain("complete: all 12 rows");
    expect(one.stdout).toContain('"liveAfter": 11');
  });

  it("exit 1 when a run cannot be verified", async () => {
    const fake = await fakeLockstep();
    expect((await run(fake, ["runs", "--verify", "0199-run"])).exitCode).toBe(0);
    fake.script.verification = {
      ...fake.script.verification,
      ok: false,
      checks: [{ name: "versions", ok: false, detail: "2 gone" }],
    };
    const { exitCode, stdout } = await run(fake, ["runs", "--verify", "0199-run"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("NOT verified");
    expect(stdout).toContain("versions  FAILED  2 gone");
  });
});

describe("history and diff", () => {
  async function withTask() {
    const fake = await fakeLockstep();
    const { tasks } = fake.lockstep;
    const { id } = await tasks.add({
      projectScopeId: "team-a",
      task: { title: "The quick brown fox", description: "one\ntwo\nthree" },
      by: "cli:me",
      reason: "made",
    });
    const changes = { title: "The slow brown fox", description: "one\n2\nthree" };
    await tasks.update({ taskId: id, changes, baseVersionNum: 1, by: "cli:me", reason: "slower" });
    await tasks.update({
      taskId: id,
      changes: { status: "Done" },
      baseVersionNum: 1,
      by: "mcp:bot",
      reason: "late",
    });
    return { fake, id };
  }

  it("lists the newest versions, newest first", async () => {
    const { fake, id } = await withTask();
    const { stdout } = await run(fake, ["history", id, "--limit", "2"]);
    const [heading, , head, third, second, end] = stdout.split("\n");
    expect(heading).toBe(`Task ${id} in team-a, made here, 3 versions`);
    expect(head).toMatch(/^VERSION {2}WHEN/);
    expect(third).toMatch(/^ {6}3 .* mcp:bot {2}conflict {2}Done .*late$/);
    expect(second).toMatch(/^ {6}2 .*slower$/);
    expect(end).toBe("");
    const { stdout: json } = await run(fake, ["history", id, "--json"]);
    expect(JSON.parse(json).versions.map((version: { versionNum: number }) => version.versionNum)).toEqual([
      1, 2, 3,
    ]);
  });

  it("shows the version that was current at a time", async () => {
    const { fake, id } = await withTask();
    const versions: { createdAt: string; versionNum: number }[] = JSON.parse(
      (await run(fake, ["history", id, "--json"])).stdout,
    ).versions;
    for (const { createdAt, versionNum } of versions) {
      const { stdout } = await run(fake, ["history", id, "--at", createdAt, "--json"]);
      expect(JSON.parse(stdout).versions).toMatchObject([{ versionNum }]);
    }
    const before = await run(fake, ["history", id, "--at", "2020-01-01"]);
    expect(before.stdout).toContain("It did not exist yet.");
    const wrong = await run(fake, ["history", id, "--at", "yesterday"]);
    expect(wrong).toMatchObject({ exitCode: 2, stdout: "" });
    expect(wrong.stderr).toContain('"yesterday" is not a time');
  });

  it("shows changed words in a line, and changed lines in a text", async () => {
    const { fake, id } = await withTask();
    const { stdout } = await run(fake, ["diff", id, "1", "2"]);
    expect(stdout.split("\n").slice(2)).toEqual([
      "title:",
      "  The [-quick-]{+slow+} brown fox",
      "description:",
      "    one",
      "  - two",
      "  + 2",
      "    three",
      "",
    ]);
    const { stdout: last } = await run(fake, ["diff", id]);
    expect(last).toContain("version 2 → 3");
  });

  it("uses colours only for a person who takes them", async () => {
    const { fake, id } = await withTask();
    const argv = ["diff", id, "1", "2"];
    expect((await run(fake, argv, { isInteractive: true })).stdout).toContain("\x1b[31m[-quick-]\x1b[39m");
    expect((await run(fake, argv, { isInteractive: true, env: { NO_COLOR: "1" } })).stdout).not.toContain(
      "\x1b",
    );
    expect((await run(fake, argv)).stdout).not.toContain("\x1b");
  });
});

describe("errors", () => {
  it.each<[string, readonly string[], number, string]>([
    ["an unknown command", ["sycn"], 2, "USAGE"],
    ["no command", [], 2, "USAGE"],
    ["an unknown flag", ["sync", "--fulll"], 2, "USAGE"],
    ["a missing argument", ["history"], 2, "USAGE"],
    ["a number that is none", ["sync", "--allow-deletes", "many"], 2, "USAGE"],
    ["two questions at once", ["runs", "--id", "a", "--verify", "b"], 2, "USAGE"],
    ["a configuration that is not there", ["status", "--config", "none.json"], 2, "CONFIG_NOT_FOUND"],
    ["an unknown sync", ["sync", "rodmap"], 2, "SYNC_NOT_FOUND"],
    ["an unknown record", ["history", "nothing"], 1, "RECORD_NOT_FOUND"],
    ["an unknown run", ["runs", "--id", "nothing"], 1, "RUN_NOT_FOUND"],
  ])("say what to do about %s", async (_name, argv, expected, code) => {
    const fake = await fakeLockstep();
    const text = await run(fake, argv);
    expect(text.exitCode).toBe(expected);
    expect(text.stdout).toBe("");
    expect(text.stderr).toMatch(/\n→ .+\n {2}\([A-Z_]+, see docs\/errors\.md\)\n$/);
    const json = await run(fake, [...argv, "--json"]);
    expect(json.exitCode).toBe(expected);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, error: { code } });
  });

  it("suggest the command that was meant", async () => {
    const { stderr } = await run(await fakeLockstep(), ["sycn"]);
    expect(stderr).toContain("Did you mean sync?");
  });

  it("list every problem of a configuration as data", async () => {
    const files = { "lockstep.config.json": '{ "stor": 1, "backup": { "databases": [] } }' };
    const { exitCode, stdout } = await run(await fakeLockstep(), ["status", "--json"], { files });
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout).error.details.problems.map(({ path }: { path: string }) => path)).toEqual([
      "backup.databases",
      "stor",
    ]);
  });

  it("never show a token, and a trace only when asked", async () => {
    const fake = await fakeLockstep();
    fake.script.sync = async () => {
      throw new LockstepError("UPSTREAM_FAILED", "got 500 for Bearer ntn_dummy", {
        details: { header: "ntn_dummy" },
        cause: new Error("ntn_dummy"),
      });
    };
    const quiet = await run(fake, ["sync", "--json"]);
    expect(quiet.exitCode).toBe(1);
    expect(quiet.stderr).not.toContain("    at ");
    const debug = await run(fake, ["sync", "--json"], { env: { LOCKSTEP_DEBUG: "1" } });
    expect(debug.stderr).toContain("    at ");
    for (const { stdout, stderr } of [quiet, debug]) expect(stdout + stderr).not.toContain("ntn_dummy");
  });

  it("call what nobody foresaw a defect", async () => {
    const fake = await fakeLockstep();
    fake.script.sync = async () => {
      throw new TypeError("x is not a function");
    };
    const { exitCode, stderr } = await run(fake, ["sync"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("UNEXPECTED");
    expect(fake.calls.at(-1)?.name).toBe("close");
  });
});

describe("help", () => {
  it("names every command of the contract, each with --config and --json", async () => {
    const fake = await fakeLockstep();
    const { exitCode, stdout } = await run(fake, ["--help"]);
    expect(exitCode).toBe(0);
    for (const command of [
      "demo",
      "sync",
      "plan",
      "status",
      "runs",
      "history",
      "diff",
      "serve",
      "mcp",
      "emulator",
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
      const { stdout: help } = await run(fake, [command, "--help"]);
      expect(help).toContain("--config <file>");
      expect(help).toContain("--json");
    }
  });

  it("prints the version", async () => {
    expect((await run(await fakeLockstep(), ["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
