import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Connector } from "../../src/connector/connector.ts";
import { isJsonObject } from "../../src/core/json.ts";
import { verifyRun } from "../../src/engine/verify.ts";
import type { Run } from "../../src/store/store.ts";
import { never, openWorld, type RunChoice, type World } from "./world.ts";

async function populated(rows = 5): Promise<{ world: World; ids: readonly string[] }> {
  const world = await openWorld();
  const ids = Array.from({ length: rows }, (_, row) => world.add({ name: `Row ${row}`, state: "Open" }));
  return { world, ids };
}

/** In a run that listed every row, each row is in exactly one count. */
function expectSum({ counts, certificate }: Run): void {
  const unreadable = isJsonObject(certificate) ? Number(certificate.unreadableCount) : 0;
  const { created, updated, unchanged, revived } = counts;
  expect(created + updated + unchanged + revived + unreadable).toBe(counts.read);
}

const withPull = (left: Connector, pull: Connector["pull"]): Connector => ({ ...left, pull });

describe("invariant 10: a run leaves evidence", () => {
  const stopAtOnce = () => {
    const stop = new AbortController();
    return { signal: stop.signal, onProgress: () => stop.abort() };
  };
  const cases: readonly {
    name: string;
    choice: (world: World) => RunChoice;
    status: Run["status"];
    code: string | null;
  }[] = [
    { name: "when it succeeds", choice: () => ({}), status: "succeeded", code: null },
    {
      name: "when it is cancelled before it begins",
      choice: () => ({ signal: AbortSignal.abort() }),
      status: "cancelled",
      code: "CANCELLED",
    },
    { name: "when it is cancelled at work", choice: stopAtOnce, status: "cancelled", code: "CANCELLED" },
    {
      name: "when Notion refuses",
      choice({ emulator }) {
        emulator.workspace.revokeToken(emulator.token);
        return {};
      },
      status: "failed",
      code: "NOTION_UNAUTHORIZED",
    },
    {
      name: "when Notion is down",
      choice({ emulator }) {
        emulator.faults.add({ effect: { kind: "drop", when: "before" } });
        return {};
      },
      status: "failed",
      code: "UPSTREAM_FAILED",
    },
    {
      name: "when our own code breaks",
      choice: ({ sync }) => ({
        sync: {
          left: {
            ...sync.left,
            describe: async () => {
              throw new TypeError("a bug");
            },
          },
        },
      }),
      status: "failed",
      code: "UNEXPECTED",
    },
  ];
  it.each(cases)("$name", async ({ choice, status, code }) => {
    const { world } = await populated();
    await using _ = world;
    const run = await world.run({ trigger: "schedule", ...choice(world) });
    expect(run).toMatchObject({ status, trigger: "schedule", sourceId: world.dataSourceId });
    expect(run.errors.map((error) => error.code)).toEqual(code === null ? [] : [code]);
    expect(run.endedAt).not.toBeNull();
    expect(run.certificate).not.toBeNull();
    expect(run.checkpointAfter).toEqual((await world.store.getSync(world.sync.id))?.checkpoint ?? null);
    expect(await world.store.getRun(run.id)).toEqual(run);
    expect((await world.store.getLease(world.sync.id))?.until).toBe(0);
  });

  it("counts every request and every repeat", async () => {
    const { world } = await populated();
    await using _ = world;
    world.emulator.faults.add({ match: { nth: 1 }, effect: { kind: "status", status: 503 } });
    world.emulator.calls.reset();
    const run = await world.run();
    expect(run).toMatchObject({ status: "succeeded", calls: world.emulator.calls.total, retries: 1 });
  });

  it("never claims to be complete when the sweep failed after the poll", async () => {
    const { world } = await populated();
    await using _ = world;
    await world.run();
    const { left } = world.sync;
    const pull: Connector["pull"] = async function* (request) {
      if (request.mode === "sweep") throw new Error("the line went dead");
      return yield* left.pull(request);
    };
    const run = await world.run({ sync: { left: withPull(left, pull) } });
    expect(run).toMatchObject({ status: "failed", certificate: { isComplete: false, sweep: null } });
  });

  it("ends the reading that it gives up, and leaves no request behind", async () => {
    const { world } = await populated();
    await using _ = world;
    const { left } = world.sync;
    let isClosed = false;
    const pull: Connector["pull"] = async function* (request) {
      try {
        return yield* left.pull(request);
      } finally {
        isClosed = true;
      }
    };
    const store = {
      ...world.store,
      getLinks: async () => {
        throw new Error("disk full");
      },
    };
    const run = await world.run({ sync: { left: withPull(left, pull) }, deps: { store } });
    expect(run.errors).toMatchObject([{ code: "UNEXPECTED", message: expect.stringContaining("disk full") }]);
    expect(isClosed).toBe(true);
  });
});

describe("the counts of a run with a sweep", () => {
  it("add up over everything that can happen to a row", async () => {
    const { world, ids } = await populated(12);
    await using _ = world;
    const { workspace } = world.emulator;
    expectSum(await world.run());
    const [edited = "", trashed = "", gone = "", archived = "", agentEdited = ""] = ids;
    world.edit(edited, { state: "Done" });
    workspace.trashPage(trashed);
    workspace.deletePage(gone);
    workspace.archivePage(archived);
    await world.agentEdits(agentEdited, { status: "Doing" });
    world.add({ name: "New" });
    const run = await world.run();
    expect(run.counts).toMatchObject({
      read: 10,
      created: 1,
      updated: 1,
      deleted: 1,
      missing: 1,
      unchanged: 8,
    });
    expectSum(run);
    workspace.restorePage(trashed);
    const revived = await world.run();
    expect(revived.counts).toMatchObject({ read: 11, revived: 1, unchanged: 10 });
    expectSum(revived);
  });

  it("add up when a suspect turns out to be in place", async () => {
    const { world, ids } = await populated();
    await using _ = world;
    await world.run();
    const { left } = world.sync;
    const pull: Connector["pull"] = async function* (request) {
      const pulling = left.pull(request);
      for (;;) {
        const next = await pulling.next();
        if (next.done) return next.value;
        const records = next.value.records.filter(
          (record) => request.mode !== "sweep" || record.id !== ids[2],
        );
        yield { ...next.value, records };
      }
    };
    const run = await world.run({ sync: { left: withPull(left, pull) } });
    expect(run).toMatchObject({
      status: "succeeded",
      counts: { read: 5, unchanged: 5, deleted: 0, missing: 0 },
      certificate: { sweep: { absent: 1, falseAlarms: 1 } },
    });
    expectSum(run);
  });

  it("count a row that could not be read once, however often it was listed", async () => {
    const { world, ids } = await populated();
    await using _ = world;
    await world.run();
    world.edit(ids[1] ?? "", { state: "Done" });
    const { left } = world.sync;
    const pull: Connector["pull"] = async function* (request) {
      const pulling = left.pull(request);
      for (;;) {
        const next = await pulling.next();
        if (next.done) return next.value;
        const records = next.value.records.filter((record) => record.id !== ids[1]);
        yield { ...next.value, records, unreadable: [{ id: ids[1] ?? "", reason: "garbled" }] };
      }
    };
    const run = await world.run({ sync: { left: withPull(left, pull) } });
    expect(run).toMatchObject({
      status: "succeeded",
      certificate: { unreadableCount: 1 },
      counts: { read: 5 },
    });
    expectSum(run);
    expect((await world.task(ids[1] ?? "")).source?.state).toBe("live");
  });
});

const quiet = { onProgress: () => {}, signal: undefined };

async function failedChecks(world: World, run: Run): Promise<readonly string[]> {
  const checks = await verifyRun(world.store, run, world.sync, quiet);
  return checks.filter((check) => !check.ok).map((check) => check.name);
}

describe("verifyRun", () => {
  it("confirms runs that created, updated, deleted and revived", async () => {
    const { world, ids } = await populated();
    await using _ = world;
    const runs = [await world.run()];
    world.edit(ids[0] ?? "", { state: "Done", name: "Größe — 値 \u{1f680}", count: -0.5 });
    world.emulator.workspace.trashPage(ids[1] ?? "");
    runs.push(await world.run());
    world.emulator.workspace.restorePage(ids[1] ?? "");
    runs.push(await world.run(), await world.run());
    for (const run of runs) expect(await failedChecks(world, run)).toEqual([]);
  });

  it("confirms a run in which a row was listed twice", async () => {
    const { world, ids } = await populated();
    await using _ = world;
    const { left } = world.sync;
    const pull: Connector["pull"] = async function* (request) {
      const pulling = left.pull(request);
      for (;;) {
        const next = await pulling.next();
        if (next.done) return next.value;
        yield next.value;
        yield { records: next.value.records.slice(-1), same: [], unreadable: [] };
      }
    };
    for (const state of ["Open", "Done"]) {
      world.edit(ids.at(-1) ?? "", { state });
      const run = await world.run({ sync: { left: withPull(left, pull) } });
      expect(run.certificate).toMatchObject({ versionsWritten: state === "Open" ? ids.length : 1 });
      expect(await failedChecks(world, run)).toEqual([]);
    }
  });

  it("notices a version that was tampered with", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lockstep-verify-"));
    try {
      const path = join(folder, "store.db");
      await using world = await openWorld({ path });
      world.add({ name: "Row", notes: "true" });
      const run = await world.run();
      expect(await failedChecks(world, run)).toEqual([]);
      const file = new DatabaseSync(path);
      file.exec("DROP TRIGGER task_versions_are_never_updated");
      file.exec("UPDATE task_versions SET description = 'false'");
      file.close();
      expect(await failedChecks(world, run)).toEqual(["versions intact"]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("notices a version that is not there", async () => {
    const { world } = await populated();
    await using _ = world;
    const run = await world.run();
    const certificate = isJsonObject(run.certificate) ? run.certificate : {};
    const promised = { ...run, certificate: { ...certificate, versionsWritten: 6 } };
    expect(await failedChecks(world, promised)).toEqual(["versions intact"]);
  });

  it("notices a row without its task", async () => {
    const { world } = await populated();
    await using _ = world;
    const run = await world.run();
    world.add({ name: "Added since" });
    expect(await failedChecks(world, run)).toEqual(["every source row has its task"]);
  });

  it("notices a task without its row", async () => {
    const { world, ids } = await populated();
    await using _ = world;
    const run = await world.run();
    world.emulator.workspace.trashPage(ids[0] ?? "");
    expect(await failedChecks(world, run)).toEqual(["no task without its source row"]);
  });

  it("does not confirm a run that was not read to its end", async () => {
    const { world } = await populated();
    await using _ = world;
    world.emulator.faults.add({ match: { path: "/query" }, effect: { kind: "empty_list" } });
    await world.run();
    world.emulator.faults.clear();
    await world.run();
    world.emulator.faults.add({ match: { path: "/query" }, effect: { kind: "empty_list" } });
    const run = await world.run();
    world.emulator.faults.clear();
    expect(run.status).toBe("failed");
    expect(await failedChecks(world, run)).toContain("read to the end");
  });

  it("says so when a run never came to its evidence", async () => {
    const { world } = await populated();
    await using _ = world;
    const run = await world.run({ sync: { sweepEveryMs: never } });
    expect(await failedChecks(world, { ...run, status: "interrupted", certificate: null })).toEqual([
      "certificate",
    ]);
  });
});
