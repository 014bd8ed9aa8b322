import { describe, expect, it } from "vitest";
import type { PlannedAction, PlanReport, RunReport } from "../../src/app/lockstep.ts";
import { settle } from "../engine/manual-clock.ts";
import { openAppWorld, titled } from "./world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const byHand = { trigger: "test" };
const unknownId = "00000000-0000-4000-8000-000000000000";

const brief = (reports: readonly RunReport[]) => reports.map(({ sync, run }) => `${sync} ${run.status}`);

describe("sync", () => {
  it("runs every enabled database, one after another", async () => {
    await using world = await openAppWorld();
    const [a, b, c] = [world.database("A"), world.database("B"), world.database("C")];
    const lockstep = await world.open([
      { name: "a", notionId: a.databaseId },
      { name: "b", notionId: b.databaseId, isEnabled: false },
      { name: "c", notionId: c.databaseId },
    ]);
    expect(brief(await lockstep.sync([], byHand))).toEqual(["a succeeded", "c succeeded"]);
    expect(brief(await lockstep.sync(["b"], byHand)), "named, though disabled").toEqual(["b succeeded"]);
    expect(brief(await lockstep.sync([c.databaseId], byHand)), "named by its id").toEqual(["c succeeded"]);
  });

  it("invariant 10: a database that cannot be found leaves evidence and stops no other", async () => {
    await using world = await openAppWorld();
    const { databaseId } = world.database("A");
    const lockstep = await world.open([
      { name: "lost", notionId: unknownId },
      { name: "a", notionId: databaseId },
    ]);
    const reports = await lockstep.sync([], byHand);
    expect(brief(reports)).toEqual(["lost failed", "a succeeded"]);
    expect(reports[0]?.run).toMatchObject({ errors: [{ code: "NOTION_NOT_FOUND" }], calls: 2 });
    expect(brief(await lockstep.runs({ sync: "lost", limit: 10 }))).toEqual(["lost failed"]);
    const again = await lockstep.sync(["lost"], byHand);
    expect(again[0]?.run.calls, "each run counts its own requests").toBe(2);
  });

  it("a database that fails at work stops no other", async () => {
    await using world = await openAppWorld();
    const [a, b] = [world.database("A"), world.database("B")];
    const lockstep = await world.open([
      { name: "a", notionId: a.databaseId, fieldMappings: [{ property: "Nots", field: "description" }] },
      { name: "b", notionId: b.databaseId },
    ]);
    const reports = await lockstep.sync([], byHand);
    expect(brief(reports)).toEqual(["a failed", "b succeeded"]);
    expect(reports[0]?.run.errors).toMatchObject([{ code: "SCHEMA_DRIFT" }]);
  });

  it("invariant 3: refuses a sync that is running, with evidence, and does not touch the one at work", async () => {
    await using world = await openAppWorld();
    const { databaseId } = world.database("A");
    const lockstep = await world.open([{ name: "a", notionId: databaseId }]);
    await lockstep.sync([], byHand);
    const both = await Promise.all([lockstep.sync(["a"], byHand), lockstep.sync(["a"], byHand)]);
    expect(brief(both.flat()).sort()).toEqual(["a refused", "a succeeded"]);
    expect(brief(await lockstep.runs({ sync: "a", limit: 10 })).sort()).toEqual([
      "a refused",
      "a succeeded",
      "a succeeded",
    ]);
  });

  it("says what is missing when there is no token", async () => {
    await using world = await openAppWorld();
    const { databaseId } = world.database("A");
    const lockstep = await world.open([{ name: "a", notionId: databaseId }], { token: null });
    await expect(lockstep.sync([], byHand)).rejects.toMatchObject({ code: "SECRET_MISSING" });
  });

  it.each(["nobody", "a/Nothing"])("knows no sync called %s, and says which there are", async (name) => {
    await using world = await openAppWorld();
    const { databaseId } = world.database("A");
    const lockstep = await world.open([{ name: "a", notionId: databaseId }]);
    const unknown = { code: "SYNC_NOT_FOUND", message: expect.stringMatching(/\ba\b/) };
    await expect(lockstep.sync([name], byHand)).rejects.toMatchObject(unknown);
    await expect(lockstep.plan([name], {})).rejects.toMatchObject(unknown);
    await expect(lockstep.runs({ sync: name, limit: 1 })).rejects.toMatchObject(unknown);
  });
});

describe("a database with two data sources", () => {
  it("asks which, naming both", async () => {
    await using world = await openAppWorld();
    const { databaseId, dataSourceIds } = world.database("Open", "Closed");
    const other = world.database("Other");
    const lockstep = await world.open([
      { name: "tasks", notionId: databaseId },
      { name: "other", notionId: other.databaseId },
    ]);
    const reports = await lockstep.sync([], byHand);
    expect(brief(reports)).toEqual(["tasks failed", "other succeeded"]);
    const asked = { code: "CONFIG_INVALID", message: expect.stringContaining(dataSourceIds[1] ?? "-") };
    expect(reports[0]?.run.errors).toMatchObject([asked]);
    const [kept] = await lockstep.runs({ sync: "tasks", limit: 1 });
    expect(kept?.run).toMatchObject({ status: "failed", calls: 1, errors: [asked] });
  });

  it("is synced as a whole, each source under its own name", async () => {
    await using world = await openAppWorld();
    const { databaseId } = world.database("Open", "Closed");
    const lockstep = await world.open([{ name: "tasks", notionId: databaseId, dataSource: "all" }]);
    expect(brief(await lockstep.sync([], byHand))).toEqual([
      "tasks/Open succeeded",
      "tasks/Closed succeeded",
    ]);
    expect(brief(await lockstep.sync(["tasks/Closed"], byHand))).toEqual(["tasks/Closed succeeded"]);
    expect((await lockstep.status()).syncs.map(({ sync, totals }) => [sync, totals.live])).toEqual([
      ["tasks/Open", 2],
      ["tasks/Closed", 2],
    ]);
    expect(brief(await lockstep.runs({ sync: "tasks/Closed", limit: 10 }))).toHaveLength(2);
  });

  it("is synced in part, by name or id of the source", async () => {
    await using world = await openAppWorld();
    const { databaseId, dataSourceIds } = world.database("Open", "Closed");
    for (const dataSource of ["Closed", dataSourceIds[1] ?? ""]) {
      const lockstep = await world.open([{ name: "tasks", notionId: databaseId, dataSource }]);
      const [report] = await lockstep.sync([], byHand);
      expect(report).toMatchObject({ sync: "tasks", run: { sourceId: dataSourceIds[1] } });
    }
  });

  it("that gains a third while it is taken whole is synced with it", async () => {
    await using world = await openAppWorld();
    const { databaseId } = world.database("Open", "Closed");
    const lockstep = await world.open([{ name: "tasks", notionId: databaseId, dataSource: "all" }]);
    await lockstep.sync([], byHand);
    world.emulator.workspace.addDataSource(databaseId, {
      name: "Later",
      properties: { Name: { title: {} }, Notes: { rich_text: {} } },
    });
    expect(await lockstep.sync([], byHand)).toHaveLength(3);
  });
});

describe("plan", () => {
  it.each([0, 24])(
    "shows what a run would do, in the same numbers, and writes nothing (sweep every %i h)",
    async (sweepEveryHours) => {
      await using world = await openAppWorld();
      const { databaseId, dataSourceIds } = world.database("A");
      const { workspace } = world.emulator;
      const [source = ""] = dataSourceIds;
      workspace.addRows(source, 6, (row) => titled(`More ${row}`));
      const lockstep = await world.open([{ name: "a", notionId: databaseId }], { sweepEveryHours });
      await lockstep.sync([], byHand);
      const [edited = "", trashed = "", gone = ""] = workspace.rows(source).map((row) => row.id);
      workspace.editPage(edited, titled("Edited"));
      workspace.trashPage(trashed);
      workspace.deletePage(gone);
      workspace.addRows(source, 1, () => titled("New"));
      world.clock.advance(25 * HOUR);
      const runs = (await lockstep.runs({ limit: 10 })).length;
      const [plan] = await lockstep.plan([], {});
      const [again] = await lockstep.plan([], {});
      expect(again, "planning changes nothing").toEqual({ ...plan, calls: expect.any(Number) });
      expect(await lockstep.runs({ limit: 10 })).toHaveLength(runs);
      expect(plan).toMatchObject({
        counts: { create: 1, update: 1, delete: 1, missing: 1, revive: 0, leave: 0 },
        refusal: null,
        error: null,
      });
      const fields = actionsIn(plan).find((action) => action.kind === "update")?.fields;
      expect(fields).toContainEqual({ field: "title", from: "A 0", to: "Edited" });
      const [report] = await lockstep.sync([], byHand);
      const counts = report?.run.counts;
      expect([counts?.created, counts?.updated, counts?.deleted, counts?.missing, counts?.unchanged]).toEqual(
        [1, 1, 1, 1, plan?.unchanged],
      );
      const [after] = await lockstep.plan([], {});
      expect(actionsIn(after), "planning right after a run yields nothing").toEqual([]);
      expect(Object.values(after?.counts ?? {}).every((count) => count === 0)).toBe(true);
      if (sweepEveryHours === 0) expect(after?.unchanged).toBe(7);
    },
  );
});

describe("status", () => {
  it("tells of a database before, during and after its runs", async () => {
    await using world = await openAppWorld(Date.parse("2026-11-21T10:00:00Z"));
    const { databaseId } = world.database("A");
    const lockstep = await world.open([
      { name: "a", notionId: databaseId },
      { name: "off", notionId: unknownId, isEnabled: false },
    ]);
    expect((await lockstep.status()).syncs).toMatchObject([
      {
        sync: "a",
        notionId: databaseId,
        isEnabled: true,
        isRunning: false,
        nextRunAt: "2026-11-22T03:00:00.000Z",
        lastRun: null,
        totals: { live: 0 },
      },
      { sync: "off", isEnabled: false, nextRunAt: null },
    ]);
    const running = lockstep.sync(["a"], {
      ...byHand,
      onProgress: ({ phase }) => {
        if (phase === "reading") duringRun = lockstep.status();
      },
    });
    let duringRun = lockstep.status();
    const [report] = await running;
    expect((await duringRun).syncs[0]).toMatchObject({ isRunning: true });
    expect((await lockstep.status()).syncs[0]).toMatchObject({
      isRunning: false,
      lastRun: report?.run,
      totals: { live: 2, deleted: 0, missing: 0, outOfScope: 0 },
    });
  });
});

describe("verifyRun", () => {
  it("finds the run's sync and checks both sides", async () => {
    await using world = await openAppWorld();
    const { databaseId, dataSourceIds } = world.database("A");
    const lockstep = await world.open([{ name: "a", notionId: databaseId }]);
    const [report] = await lockstep.sync([], byHand);
    const runId = report?.run.id ?? "";
    expect(await lockstep.verifyRun(runId, {})).toMatchObject({ ok: true, sync: "a", runId });
    world.emulator.workspace.addRows(dataSourceIds[0] ?? "", 1, () => titled("New"));
    expect(await lockstep.verifyRun(runId, {})).toMatchObject({ ok: false });
    await expect(lockstep.verifyRun("no-such-run", {})).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });
});

describe("schedule", () => {
  it("runs what is enabled at its time, reports it, and ends when told", async () => {
    await using world = await openAppWorld(Date.parse("2026-11-21T02:58:00Z"));
    const [a, b, c] = [world.database("A"), world.database("B"), world.database("C")];
    const lockstep = await world.open([
      { name: "a", notionId: a.databaseId },
      { name: "disabled", notionId: b.databaseId, isEnabled: false },
      {
        name: "by hand only",
        notionId: c.databaseId,
        schedule: { cron: "0 3 * * *", timeZone: "UTC", isEnabled: false },
      },
    ]);
    const stop = new AbortController();
    const reported = Promise.withResolvers<RunReport>();
    const reports: RunReport[] = [];
    const ended = lockstep.schedule(stop.signal, (report) => {
      reports.push(report);
      reported.resolve(report);
    });
    await settle();
    for (let minute = 0; minute < 3; minute += 1) {
      world.clock.advance(MINUTE);
      await settle();
    }
    expect((await reported.promise).run).toMatchObject({ trigger: "schedule", status: "succeeded" });
    await settle();
    stop.abort();
    await ended;
    expect(brief(reports)).toEqual(["a succeeded"]);
  });

  it("makes up a missed run once, when it starts", async () => {
    await using world = await openAppWorld(Date.parse("2026-11-20T10:00:00Z"));
    const { databaseId } = world.database("A");
    const lockstep = await world.open([{ name: "a", notionId: databaseId }]);
    await lockstep.sync([], byHand);
    world.clock.advance(72 * HOUR);
    const stop = new AbortController();
    const reported = Promise.withResolvers<RunReport>();
    const ended = lockstep.schedule(stop.signal, reported.resolve);
    expect((await reported.promise).run.trigger).toBe("schedule:missed");
    await settle();
    stop.abort();
    await ended;
    expect(await lockstep.runs({ limit: 10 })).toHaveLength(2);
  });
});

function actionsIn(plan: PlanReport | undefined): readonly PlannedAction[] {
  return plan?.type === "import" ? plan.actions : [];
}
