import { randomUUID } from "node:crypto";
import { systemClock } from "../../../src/app/platform.ts";
import { openDynamoStore } from "../../../src/store/dynamodb/open.ts";
import { beginSync, change, draft, minute } from "../../../src/store/suite/case.ts";

// Commits batch after batch until it is killed: in each, new pairs and one update of every pair of the batch before.
// Prints a batch's number once it is acknowledged.
const [url = "", start = "0", pairs = "0"] = process.argv.slice(2);
const batchesMax = 10_000;

const ids = { next: randomUUID, random: Math.random };
await using store = await openDynamoStore({ url, ids, clock: systemClock });
const held = await store.getLease("tasks");
if (held !== null) await store.releaseLease(held);
const { commit } = await beginSync(store, "tasks");
const sourcesOf = (batch: number) => Array.from({ length: Number(pairs) }, (_, n) => `row-${batch}-${n}`);
const version = draft({ metadataJson: JSON.stringify({ filler: "x".repeat(2000) }) });

for (let batch = Number(start); batch < batchesMax; batch += 1) {
  const created = sourcesOf(batch).map((source) => change(source, { version }));
  const links = await store.getLinks("tasks", sourcesOf(batch - 1));
  const updated = [...links.values()].map(({ sourceId, taskId, currentVersionNum }) =>
    change(sourceId, { version, taskId, expectedVersionNum: currentVersionNum }),
  );
  await commit([...created, ...updated], {
    runId: `batch-${batch}`,
    at: minute(batch),
    checkpoint: { batch },
    seen: sourcesOf(batch),
  });
  process.stdout.write(`${batch}\n`);
}
