import type { Link } from "../store.ts";
import { strayRow } from "../tables.ts";
import { bodyOf } from "./bodies.ts";
import type { Filling } from "./copy-filling.ts";
import { itemsOf } from "./copy-tasks.ts";
import { counterKey } from "./counters.ts";
import { runIndexChanges } from "./run-index.ts";
import { linkChange, taskPlaces } from "./task-places.ts";

/** Names the one commit that copied runs have. */
const copiedCommit = "COPY";

/** Refuses rows that point to nothing, and writes what several rows make together. */
export async function finishFilling(filling: Filling, counters: ReadonlyMap<string, number>): Promise<void> {
  await finishLinks(filling);
  await finishPairLinks(filling);
  await finishRuns(filling);
  for (const { scope, counts } of filling.heads.values()) {
    await filling.database.update({
      key: scope,
      expression: "SET #counts = :counts, #generation = :one",
      names: { "#counts": "counts", "#generation": "generation" },
      values: { ":counts": counts, ":one": 1 },
    });
  }
  await setCounter(filling, "INBOX", counters.get("pair_inbox") ?? 0);
  await setCounter(filling, "RUNS", filling.arrived.runs);
}

async function setCounter({ database }: Filling, counter: "INBOX" | "RUNS", last: number): Promise<void> {
  const { table, ...key } = counterKey(database, counter);
  await database.put(table, { ...key, lastSeq: last });
}

/** Each repeats the newest number of its task. */
async function finishLinks({ database, newest, syncs }: Filling): Promise<void> {
  for (const syncId of syncs) {
    for await (const page of database.pages(taskPlaces(database).links(syncId))) {
      const changes = page.map((item) => {
        const link = bodyOf<Link>(item);
        const version = newest.get(link.taskId);
        if (version === undefined) throw strayRow(database.name, "links");
        const whole = { ...link, currentVersionNum: version.num, isTaskDeleted: version.isDeleted };
        return linkChange(database, syncId, whole, false);
      });
      await database.putAll(itemsOf(changes));
    }
  }
}

/** Each knows the end of its history. */
async function finishPairLinks({ database, ends, linkKeys }: Filling): Promise<void> {
  for (const [linkId, { seq, hash }] of ends) {
    const key = linkKeys.get(linkId);
    if (key === undefined) throw strayRow(database.name, "pair_versions");
    await database.update({
      key,
      expression: "SET #seq = :seq, #hash = :hash",
      names: { "#seq": "lastSeq", "#hash": "lastHash" },
      values: { ":seq": seq, ":hash": hash },
    });
  }
}

async function finishRuns({ database, runs, sourceOf }: Filling): Promise<void> {
  for (const [pk, entries] of runs) {
    const isOfTasks = pk.startsWith("BR#");
    const told = isOfTasks
      ? entries.map(([taskId, num]) => [taskId, num, sourceOf.get(String(taskId)) ?? null])
      : entries;
    await database.putAll(
      itemsOf(runIndexChanges(database.sync, { pk, commit: copiedCommit, entries: told })),
    );
  }
}
