import { runNotFound } from "../rules.ts";
import type { Run, Store } from "../store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import { takeNumbers } from "./counters.ts";
import type { Database } from "./database.ts";
import { type Item, type Key, numberIn } from "./items.ts";
import { endOf, keyText, ordinal } from "./keys.ts";

// Runs are one partition. `index1` has all of them in the order of their beginning, `index2` those of a sync, `index3` those
// of a sync that go on.

type RunTopic = Pick<Store, "startRun" | "saveRun" | "getRun" | "listRuns">;

export function runTopic(database: Database): RunTopic {
  const partition = { table: database.sync, pk: "RUNS" };
  const keyOf = (runId: string): Key => ({ ...partition, sk: keyText(runId) });

  async function unfinished(syncId: string): Promise<Item[]> {
    const from = `${keyText(syncId)}#`;
    return database.query({ ...partition, index: "index3", from, to: endOf(from) });
  }

  /** It crashed, whether or not the run that found out gets to begin. */
  async function interrupt(key: Key): Promise<void> {
    await database.update({
      key,
      expression: "SET #status = :interrupted REMOVE #going",
      names: { "#status": "status", "#going": "index3" },
      values: { ":interrupted": "interrupted" },
    });
  }

  return {
    async startRun(run) {
      if (run.status === "running") {
        for (const { sk } of await unfinished(run.syncId)) await interrupt({ ...partition, sk });
      }
      await database.put(partition.table, runItem(run, await takeNumbers(database, "RUNS", 1)));
    },
    async saveRun(run) {
      const stored = await database.get(keyOf(run.id));
      if (stored === null) throw runNotFound(run.id);
      await database.put(partition.table, runItem(run, numberIn(stored, "seq")));
    },
    async getRun(runId) {
      const item = await database.get(keyOf(runId));
      return item === null ? null : runOf(item);
    },
    async listRuns({ syncId, limit }) {
      const from = syncId === undefined ? "" : `${keyText(syncId)}#`;
      const items = await database.query({
        ...partition,
        ...(syncId === undefined ? { index: "index1" } : { index: "index2", from, to: endOf(from) }),
        isDescending: true,
        limit,
      });
      return items.map(runOf);
    },
  };
}

export function runItem(run: Run, seq: number): Item {
  const ofSync = `${keyText(run.syncId)}#${ordinal(seq)}`;
  return {
    pk: "RUNS",
    sk: keyText(run.id),
    seq,
    index1: ordinal(seq),
    index2: ofSync,
    ...(run.status === "running" ? { index3: ofSync } : {}),
    status: run.status,
    body: bodyText(run),
  };
}

/** The status beside the body counts: a run that was found unfinished is interrupted without its body being rewritten. */
export function runOf(item: Item): Run {
  return { ...bodyOf<Run>(item), status: item.status as Run["status"] };
}
