import { createTwoWay } from "../../src/app/create-two-way.ts";
import type { Finding } from "../../src/app/doctor.ts";
import { Herald } from "../../src/app/herald.ts";
import type {
  Lockstep,
  PlanReport,
  RunReport,
  StatusReport,
  SyncOptions,
  Verification,
} from "../../src/app/lockstep.ts";
import { Pairs } from "../../src/app/pairs.ts";
import { createSyncs } from "../../src/app/syncs.ts";
import { createTasks, diffOf, historyAt, historyOf } from "../../src/app/tasks.ts";
import type { TwoWay } from "../../src/app/two-way.ts";
import { noSecrets } from "../../src/config/environment.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { LockstepError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { Run, Store } from "../../src/store/store.ts";

export const notionId = "0123456789abcdef0123456789abcdef";

export const configText = JSON.stringify({
  backup: { databases: [{ name: "roadmap", notionDatabaseId: notionId, projectScopeId: "team-a" }] },
});

/** A run that went well, unless told otherwise. */
export function makeRun(changes: Partial<Run> = {}): Run {
  return {
    id: "0199-run",
    syncId: "notion:x",
    type: "import",
    source: "notion",
    sourceId: "x",
    trigger: "cli",
    status: "succeeded",
    startedAt: "2026-11-21T03:00:00.000Z",
    endedAt: "2026-11-21T03:00:02.500Z",
    counts: {
      read: 12,
      created: 3,
      updated: 2,
      unchanged: 7,
      deleted: 1,
      revived: 0,
      conflicts: 1,
      missing: 0,
    },
    calls: 4,
    retries: 1,
    errors: [],
    warnings: [],
    checkpointBefore: null,
    checkpointAfter: null,
    certificate: {
      isComplete: true,
      windows: [{ stream: "full", rows: 12, pages: 1 }],
      sweep: { absent: 1, certifiedDeletions: 1, refusedDeletions: 0 },
      unreadableCount: 0,
      truncated: { found: 0, completed: 0, failed: 0 },
      liveAfter: 11,
    },
    ...changes,
  };
}

/** What the fake answers; a test changes what it is about. */
export interface Script {
  sync: (names: readonly string[], options: SyncOptions) => Promise<readonly RunReport[]>;
  plan: readonly PlanReport[];
  verification: Verification;
  schedule: Lockstep["schedule"];
  findings: readonly Finding[];
  /** What two-way syncs answer instead of what is in the empty store. */
  twoWay: Partial<TwoWay>;
}

export interface Fake {
  readonly lockstep: Lockstep;
  readonly store: Store;
  readonly script: Script;
  readonly calls: { readonly name: string; readonly args: readonly unknown[] }[];
}

/** A Lockstep with real tasks on a real store in memory, and scripted runs: Notion is not part of these tests. */
export async function fakeLockstep(): Promise<Fake> {
  let lastId = 0;
  const ids = {
    next() {
      lastId += 1;
      return `00000000-0000-7000-8000-${String(lastId).padStart(12, "0")}`;
    },
    random: () => 0.5,
  };
  const store = await openSqliteStore({ path: ":memory:", ids });
  let now = Date.parse("2026-11-21T10:00:00Z");
  const clock = { now: () => (now += 60_000), monotonic: () => now, sleep: async () => {} };
  const calls: { name: string; args: readonly unknown[] }[] = [];
  const script: Script = {
    sync: async () => [{ sync: "roadmap", run: makeRun() }],
    plan: [],
    verification: {
      ok: true,
      runId: "0199-run",
      sync: "roadmap",
      checks: [{ name: "versions", ok: true, detail: "5" }],
    },
    schedule: (signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
    findings: [],
    twoWay: {},
  };
  const config = resolveConfig(JSON.parse(configText) as Json, "/place/lockstep.config.json");
  const note = <Result>(name: string, args: readonly unknown[], result: Result): Result => {
    calls.push({ name, args });
    return result;
  };
  const deps = { store, clock, ids, owner: "test", isDead: () => false };
  const access = { connect: () => Promise.reject(new Error("Notion is not part of this test")) as never };
  const world = {
    deps,
    config,
    syncs: createSyncs(deps, config, access),
    pairs: new Pairs(deps, noSecrets, { access, pipeline: null, planning: null }),
    pipeline: null,
    library: null,
    planning: null,
  };
  const twoWay = createTwoWay(world, noSecrets, new Herald());
  const lockstep: Lockstep = {
    config,
    get twoWay() {
      return { ...twoWay, ...script.twoWay };
    },
    library: null,
    importSteps: null,
    attend: async (name) => note("attend", [name], []),
    settled: async () => {},
    doctor: async () => note("doctor", [], script.findings),
    tasks: createTasks(store, clock),
    sync: async (names, options) => {
      for (const name of names)
        if (name !== "roadmap") throw new LockstepError("SYNC_NOT_FOUND", `No sync is called "${name}".`);
      return note("sync", [names, options], script.sync(names, options));
    },
    plan: async (names, options) => note("plan", [names, options], script.plan),
    status: async () => statusReport,
    runs: async (filter) => note("runs", [filter], [{ sync: "roadmap", run: makeRun() }]),
    run: async (id) => {
      if (id !== "0199-run") throw new LockstepError("RUN_NOT_FOUND", `No run has the id "${id}".`);
      return { sync: "roadmap", run: makeRun() };
    },
    verifyRun: async (id) => note("verifyRun", [id], script.verification),
    history: (reference, page) => historyOf(store, reference, page),
    historyAt: (reference, at) => historyAt(store, reference, at),
    diff: (reference, from, to) => diffOf(store, reference, from, to),
    schedule: (signal, onRun) => note("schedule", [], script.schedule(signal, onRun)),
    close: async () => note("close", [], undefined),
  };
  return { lockstep, store, script, calls };
}

const statusReport: StatusReport = {
  config: "/place/lockstep.config.json",
  store: "sqlite:/place/lockstep.db",
  ratePerMinute: 180,
  syncs: [
    {
      sync: "roadmap",
      notionId,
      projectScopeId: "team-a",
      isEnabled: true,
      isRunning: false,
      schedule: { cron: "0 3 * * *", timeZone: "UTC", isEnabled: true },
      nextRunAt: "2026-11-22T03:00:00.000Z",
      lastRun: makeRun(),
      totals: { live: 11, deleted: 1, missing: 0, outOfScope: 0 },
    },
  ],
  pairs: [],
};
