import { access } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type {
  DiffReport,
  HistoryReport,
  PlanReport,
  StatusReport,
  Verification,
} from "../../src/app/lockstep.ts";
import { folderWith } from "../config/folder.ts";
import { documentIn, run, start } from "./cli.ts";
import { differences, type RunsDocument, titleOf, World } from "./world.ts";

describe.concurrent("the newcomer's path", () => {
  it("backs up, shows what people did, and proves it, for people and for programs alike", async () => {
    await using world = await World.open({ rows: 30 });

    const preview = await world.lockstep(["plan"]);
    expect(preview).toMatchObject({ exitCode: 0, stderr: "" });
    expect(preview.stdout).toContain("tasks: 30 to create, 0 unchanged");
    await expect(access(world.storeFile), "a plan leaves no store behind").rejects.toThrow();

    const first = await world.lockstep(["sync"]);
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toMatch(/tasks +succeeded +30 +30 /);
    expect(first.stdout).toContain("tasks: complete: all 30 rows read to the end; 30 live tasks.");

    await world.retitle(world.row(0), "Buy stamps");
    await world.person("trashPage", { pageId: world.row(1) });

    const planned = documentIn<{ ok: boolean; plans: PlanReport[] }>(
      await world.lockstep(["plan", "--json"]),
    );
    expect(planned).toMatchObject({ ok: true, plans: [{ counts: { update: 1, delete: 1, create: 0 } }] });
    const planText = await world.lockstep(["plan", "tasks"]);
    expect(planText.stdout).toContain("~ Buy stamps\n      title: Row 0 → Buy stamps");
    expect(planText.stdout).toContain("- Row 1");
    expect(world.tasks().get(world.row(0))?.title, "a plan writes nothing").toBe("Row 0");

    const second = await world.sync();
    expect(second).toMatchObject({ exitCode: 0, codes: [], run: { status: "succeeded", trigger: "cli" } });
    expect(second.run?.counts).toMatchObject({ updated: 1, deleted: 1, created: 0 });
    expect(differences(await world.truth(), world.tasks())).toEqual([]);

    const again = documentIn<{ plans: PlanReport[] }>(await world.lockstep(["plan", "--json"]));
    expect(again.plans[0], "planning right after applying yields nothing").toMatchObject({ actions: [] });
  });

  it("answers every question about what is kept", async () => {
    await using world = await World.open({ rows: 12 });
    await world.sync();
    await world.retitle(world.row(3), "Call Ada");
    const { run: second } = await world.sync();
    const runId = second?.id ?? "";

    const status = documentIn<StatusReport & { ok: boolean }>(await world.lockstep(["status", "--json"]));
    expect(status).toMatchObject({
      ok: true,
      syncs: [{ sync: "tasks", isRunning: false, totals: { live: 12 } }],
    });
    expect((await world.lockstep(["status"])).stdout).toMatch(/^tasks +succeeded .* 12 +0 +0 +0$/m);

    const listed = documentIn<RunsDocument>(await world.lockstep(["runs", "--json"]));
    expect(listed.runs.map((report) => [report.sync, report.run.status])).toEqual([
      ["tasks", "succeeded"],
      ["tasks", "succeeded"],
    ]);
    expect((await world.lockstep(["runs", "--sync", "tasks", "--limit", "1"])).stdout).toContain(runId);
    expect((await world.lockstep(["runs", "--id", runId])).stdout).toContain('"isComplete": true');

    const verified = documentIn<Verification>(await world.lockstep(["runs", "--verify", runId, "--json"]));
    expect(verified).toMatchObject({ ok: true, runId, sync: "tasks" });
    expect(verified.checks.every((check) => check.ok)).toBe(true);
    const verifiedText = await world.lockstep(["runs", "--verify", runId]);
    expect(verifiedText).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(": verified") });

    const link = `https://www.notion.so/Call-Ada-${world.row(3).replaceAll("-", "")}`;
    const history = documentIn<HistoryReport>(await world.lockstep(["history", link, "--json"]));
    expect(history.versions.map(({ versionNum, title }) => [versionNum, title])).toEqual([
      [1, "Row 3"],
      [2, "Call Ada"],
    ]);
    expect((await world.lockstep(["history", world.row(3)])).stdout).toMatch(
      /^ +2 .*Call Ada +changed in Notion/m,
    );

    const wasThen = await world.lockstep([
      "history",
      world.row(3),
      "--at",
      history.versions[0]?.createdAt ?? "",
    ]);
    expect(wasThen).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Row 3") });

    const diff = documentIn<DiffReport>(await world.lockstep(["diff", world.row(3), "1", "2", "--json"]));
    expect(diff.changes).toContainEqual({ field: "title", from: "Row 3", to: "Call Ada" });
    const diffText = await world.lockstep(["diff", world.row(3)]);
    expect(diffText).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("version 1 → 2") });
  });

  it("is stopped by the guard until a person allows the deletions", async () => {
    await using world = await World.open({ rows: 40 });
    await world.sync();
    for (const rowId of world.rowIds.slice(0, 15)) await world.person("trashPage", { pageId: rowId });

    expect((await world.lockstep(["plan"])).exitCode).toBe(3);
    const refused = await world.sync();
    expect(refused).toMatchObject({ exitCode: 3, codes: ["GUARD_REFUSED"], run: { status: "refused" } });
    const refusedText = await world.lockstep(["sync"]);
    expect(refusedText).toMatchObject({ exitCode: 3, stdout: expect.stringContaining("--allow-deletes") });
    const tooFew = await world.sync(["--allow-deletes", "14"]);
    expect(tooFew).toMatchObject({ exitCode: 3, codes: ["GUARD_REFUSED"] });
    expect(world.deleted()).toBe(0);

    const allowed = await world.sync(["--allow-deletes", "15"]);
    expect(allowed).toMatchObject({ exitCode: 0, run: { counts: { deleted: 15 } } });
    expect(differences(await world.truth(), world.tasks())).toEqual([]);
  });

  it.each([
    [["snyc"], 2, "Did you mean sync?"],
    [["sync", "--ful"], 2, "Did you mean --full?"],
    [["sync", "nobody"], 2, 'there is no sync "nobody"; the configuration has: tasks'],
    [["sync", "--allow-deletes", "many"], 2, "--allow-deletes: expected a whole number"],
    [["history"], 2, "Missing required argument 'ref'"],
    [["history", "ffffffff"], 1, 'no task matches "ffffffff"'],
    [["diff", "ffffffff", "x"], 2, "version A: expected a whole number"],
    [["runs", "--id", "ffffffff"], 1, 'there is no run "ffffffff"'],
    [["runs", "--sync", "nobody"], 2, 'there is no sync "nobody"'],
    [["emulator", "--port", "99999"], 2, "--port: expected a whole number from 0 to 65535"],
    [["serve", "--host", "0.0.0.0"], 2, "LOCKSTEP_ADMIN_TOKEN"],
  ])("says what is wrong with %j", async (args, exitCode, message) => {
    await using world = await World.open({ rows: 1 });
    const text = await world.lockstep(args);
    expect(text).toMatchObject({ exitCode, stdout: "" });
    expect(text.stderr).toContain(message);
    expect(text.stderr).toMatch(/\n→ .+\n {2}\([A-Z_]+, see docs\/errors\.md\)\n$/);
    const json = await world.lockstep([...args, "--json"]);
    expect(json.exitCode).toBe(exitCode);
    expect(documentIn(json)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining(message) },
    });
  });

  it("helps without a configuration, and tells where it looked for one", async () => {
    await using world = await World.open({ rows: 1 });
    const elsewhere = { cwd: "/" };
    expect(await run(["--help"], elsewhere)).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await run(["sync", "--help"], elsewhere)).stdout).toContain("--allow-deletes <n>");
    expect((await run(["--version"], elsewhere)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await run([], elsewhere)).toMatchObject({ exitCode: 2, stdout: "" });
    const lost = await run(["sync"], elsewhere);
    expect(lost).toMatchObject({ exitCode: 2, stdout: "" });
    expect(lost.stderr).toContain("CONFIG_NOT_FOUND");
    const named = await run(["status", "--config", `${world.cwd}/lockstep.config.json`], elsewhere);
    expect(named).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("never run") });
  });
});

describe.concurrent("an emulator in another terminal", () => {
  it("takes a seed and faults, says how to reach it, and is backed up like Notion", async () => {
    const databaseId = "01234567-89ab-cdef-0123-456789abcdef";
    const seed = {
      databases: [
        {
          id: databaseId,
          title: "Books",
          dataSources: [
            {
              name: "Books",
              properties: { Name: { id: "title", type: "title", title: {} } },
              rows: [
                { properties: { Name: titleOf("Emma") } },
                { properties: { Name: titleOf("Persuasion") } },
              ],
            },
          ],
        },
      ],
    };
    const faults = [{ match: { path: "/query$", nth: 1 }, effect: { kind: "status", status: 503 } }];
    await using folder = await folderWith({
      "seed.json": JSON.stringify(seed),
      "faults.json": JSON.stringify(faults),
      "lockstep.config.json": JSON.stringify({
        backup: { databases: [{ notionDatabaseId: databaseId, projectScopeId: "books" }] },
      }),
    });
    const args = ["emulator", "--seed", "seed.json", "--faults", "faults.json", "--rate", "600"];
    await using emulator = start(args, { cwd: folder.path });
    const url = (await emulator.firstLine()).replace("export NOTION_BASE_URL=", "");
    const env = { NOTION_BASE_URL: url, NOTION_TOKEN: "ntn_emulator_dummy" };
    const ended = await run(["sync", "--json"], { cwd: folder.path, env });
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(documentIn<RunsDocument>(ended).runs[0]?.run).toMatchObject({
      counts: { created: 2 },
      retries: 1,
    });
    emulator.kill("SIGINT");
    const { exitCode, stdout } = await emulator.ended;
    expect(exitCode).toBe(0);
    expect(stdout).toContain("export NOTION_TOKEN=ntn_emulator_dummy\n");
  });

  it("takes a workspace written in YAML, and says where it is wrong", async () => {
    const good =
      "name: Home\ndatabases:\n  - title: Plants\n    dataSources:\n      - name: Plants\n        properties: { Name: { title: {} } }\n        rows:\n          - properties: { Name: { title: [{ text: { content: Fern } }] } }\n";
    await using folder = await folderWith({ "good.yaml": good, "bad.yml": "name: [1, 2\ndatabases: }" });
    const bad = await run(["emulator", "--seed", "bad.yml"], { cwd: folder.path });
    expect(bad).toMatchObject({ exitCode: 2, stdout: "" });
    expect(bad.stderr).toMatch(/bad\.yml, line 2, column \d+/);
    await using emulator = start(["emulator", "--seed", "good.yaml"], { cwd: folder.path });
    const url = (await emulator.firstLine()).replace("export NOTION_BASE_URL=", "");
    const state = await (await fetch(`${url}/_emulator/state`)).json();
    expect(state).toMatchObject({ workspace: { name: "Home" }, pages: 1 });
  });

  it.each([
    ["--seed", { databases: [{ title: 3 }] }, "seed.databases[0].title should be a string, got 3"],
    [
      "--faults",
      [{ effect: { kind: "earthquake" } }],
      "faults[0]: A fault rule needs an effect whose kind is one of status",
    ],
  ])("refuses a bad file for %s", async (flag, content, says) => {
    await using folder = await folderWith({ "file.json": JSON.stringify(content) });
    const { exitCode, stderr } = await run(["emulator", flag, "file.json"], { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(says);
  });
});

describe.concurrent("demo", () => {
  it("checks itself, and says so in one document or in text", async () => {
    const startedAt = performance.now();
    const json = await run(["demo", "--once", "--json"], { cwd: "/" });
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    expect(json.exitCode).toBe(0);
    const report = documentIn<RunsDocument & { checks: readonly { ok: boolean }[] }>(json);
    expect(report.ok).toBe(true);
    expect(report.checks.length).toBeGreaterThan(5);
    expect(report.checks.every((check) => check.ok)).toBe(true);
    expect(report.runs.every((each) => each.run.status === "succeeded")).toBe(true);

    const text = await run(["demo", "--once"], { cwd: "/" });
    expect(text).toMatchObject({ exitCode: 0, stderr: "" });
    expect(text.stdout).toContain(`All ${report.checks.length} checks passed.`);
    expect(text.stdout).toContain("── First backup");
  });
});
