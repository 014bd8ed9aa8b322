import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Alerts } from "../../src/app/alerts.ts";
import { Herald } from "../../src/app/herald.ts";
import { PassTroubles, type Trouble, TroubleWatch } from "../../src/app/planning-troubles.ts";
import { run } from "../e2e/cli.ts";
import { realClock } from "../recipes/pipeline/world.ts";
import { startChat } from "./chat.ts";
import { until } from "./pipeline-world.ts";
import { PlanningWorld, repository, select } from "./planning-world.ts";

/** The first planning sync's parts that are left out, as `status` tells them. */
async function leftOut(world: PlanningWorld): Promise<readonly Trouble[]> {
  const { pairs } = await (await world.lockstep()).status();
  return pairs[0]?.leftOut ?? [];
}

async function withRights(rights: Readonly<Record<string, "read" | "write">>) {
  const world = await PlanningWorld.open();
  await world.init();
  world.github.people.addToken("ghp_dummy_few", { rights });
  world.useToken("ghp_dummy_few");
  return world;
}

describe("a right that is missing", () => {
  test("is counted, stands in the run's evidence and in status, and is over once it is granted", async () => {
    await using world = await withRights({ issues: "write" });
    world.addRow("Still synced", { Status: select("Ready for Review") });
    await world.sync();
    const { run: evidence } = await world.sync();
    expect(evidence.status).toBe("succeeded");
    expect(evidence.warnings).toContainEqual(
      expect.stringMatching(
        /^left out: reading pull requests: ACCESS_LOST: .*grant "Pull requests: Read-only"/,
      ),
    );
    const before = await leftOut(world);
    expect(before).toContainEqual(
      expect.objectContaining({ what: "reading pull requests", kind: "permission", failures: 1, passes: 1 }),
    );
    await world.sync();
    expect(await leftOut(world)).toContainEqual(
      expect.objectContaining({
        what: "reading pull requests",
        failures: 2,
        passes: 2,
        since: before[0]?.since,
      }),
    );
    await world.restart();
    expect(await leftOut(world)).not.toEqual([]);
    world.useToken(world.github.token);
    await world.restart();
    const mended = await world.sync();
    expect(mended.run.warnings).toEqual([]);
    expect(await leftOut(world)).toEqual([]);
  });

  test("to merge is a failure of its own, and the row says it", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    const { people } = world.github;
    const rights = { issues: "write", pull_requests: "write", checks: "read", statuses: "read" } as const;
    people.addToken("ghp_dummy_no_merge", { rights: { ...rights, contents: "read" } });
    world.useToken("ghp_dummy_no_merge");
    const row = world.addRow("Dark mode", { Status: select("Backlog") });
    await world.sync();
    const number = people.issues(repository)[0]?.number ?? 0;
    people.push(repository, `${number}-dark-mode`);
    for (const status of ["Ready for Review", "Backlog", "Ready for Review", "Done"]) {
      world.editRow(row, { Status: select(status) });
      await world.sync();
    }
    expect(world.row(row)).toMatchObject({ "PR State": "Open" });
    expect(world.row(row)["GitHub Note"]).toMatch(/^Could not merge: /);
    expect(await leftOut(world)).toMatchObject([
      { what: "following pull requests", kind: "permission", code: "GITHUB_FORBIDDEN" },
    ]);
  });
});

test("a rate limit is counted as one", async () => {
  await using world = await PlanningWorld.open({ section: { comments: "notion" } });
  await world.init();
  world.addRow("One", { Status: select("Backlog") });
  await world.sync();
  world.github.faults.add({
    match: { path: "/issues/comments" },
    effect: {
      kind: "status",
      status: 429,
      message: "You have exceeded a secondary rate limit",
      retryAfter: 3_600,
    },
  });
  expect((await world.sync()).run.status).toBe("succeeded");
  expect(await leftOut(world)).toMatchObject([
    { what: "comments", kind: "limit", code: "RATE_LIMITED", failures: 1 },
  ]);
});

test("`lockstep status` says it in words and in JSON", async () => {
  await using world = await withRights({ issues: "write" });
  world.addRow("Still synced", { Status: select("Ready for Review") });
  await world.sync();
  await world.sync();
  await world.restart();
  await writeFile(join(world.folder, "lockstep.config.json"), JSON.stringify(world.written));
  const shown = await run(["status"], { cwd: world.folder });
  expect(shown.stdout).toMatch(
    /^planning leaves out reading pull requests \(failures: 1, passes in a row: 1, since .*\): ACCESS_LOST: /m,
  );
  const { stdout } = await run(["status", "--json"], { cwd: world.folder });
  const { pairs } = JSON.parse(stdout);
  expect(pairs).toMatchObject([
    { leftOut: expect.arrayContaining([expect.objectContaining({ kind: "permission" })]) },
  ]);
});

describe("alerts", () => {
  test("tell a server's people once of a right that is missing", async () => {
    await using chat = await startChat();
    await using world = await PlanningWorld.open();
    await world.init();
    world.addRow("Still synced", { Status: select("Ready for Review") });
    await world.sync();
    world.github.people.addToken("ghp_dummy_few", { rights: { issues: "write" } });
    world.useToken("ghp_dummy_few", { alertUrl: chat.url });
    await world.restart();
    const lockstep = await world.lockstep();
    await world.clock.advance(3_600_000);
    const stopping = new AbortController();
    const passes: string[] = [];
    const following = lockstep.twoWay.follow(stopping.signal, ({ run: { status } }) => passes.push(status));
    await until(() => chat.messages.length > 0);
    stopping.abort();
    await following;
    expect(passes).toEqual(["succeeded"]);
    expect(chat.messages).toContainEqual(
      expect.objectContaining({
        cause: "permission:planning:reading pull requests",
        severity: "warning",
        status: "firing",
        text: expect.stringMatching(/leaves out reading pull requests \(1 failure in 1 pass\): ACCESS_LOST/),
      }),
    );
    expect(new Set(chat.messages.map(({ cause }) => cause)).size).toBe(chat.messages.length);
    expect(world.events.some(({ event }) => event === "planning.alert")).toBe(true);
  });

  test("wait for the third pass that a limit is in force, and say when it is over", () => {
    const told: string[] = [];
    const herald = new Herald();
    herald.listen(({ event, fields }) => told.push(`${event} ${fields.cause}`));
    const watch = new TroubleWatch(new Alerts({ clock: realClock, herald, url: null, job: "planning" }));
    let troubles: readonly Trouble[] = [];
    const pass = (of: { readonly fails: boolean; readonly isWhole: boolean; readonly spares?: boolean }) => {
      const once = new PassTroubles();
      once.tries("comments");
      if (of.spares === true) once.spares("comments");
      if (of.fails) once.fails("comments", { code: "RATE_LIMITED", message: "later" });
      troubles = once.after(troubles, { at: "2026-11-21T00:00:00.000Z", isWhole: of.isWhole });
      watch.stands("planning", troubles);
    };
    pass({ fails: true, isWhole: true });
    pass({ fails: true, isWhole: false });
    expect(told).toEqual([]);
    // One that only took up a hint may have had nothing to do with comments.
    pass({ fails: false, isWhole: false });
    pass({ fails: true, isWhole: true });
    pass({ fails: true, isWhole: true });
    expect(told).toEqual(["planning.alert limit:planning:comments"]);
    // What was refused for good is not asked again at once, which is no sign that it works.
    pass({ fails: false, isWhole: true, spares: true });
    expect(told).toEqual(["planning.alert limit:planning:comments"]);
    pass({ fails: false, isWhole: true });
    expect(told.at(-1)).toBe("planning.recovered limit:planning:comments");
    expect(troubles).toEqual([]);
  });
});
