import { randomUUID } from "node:crypto";
import { systemClock } from "../../../src/app/platform.ts";
import { openDynamoStore } from "../../../src/store/dynamodb/open.ts";
import { draft } from "../../../src/store/suite/case.ts";

// Appends `count` versions to one task, two on each base it reads, beside other processes that do the same.
const [url = "", taskId = "", name = "", count = "0"] = process.argv.slice(2);

const ids = { next: randomUUID, random: Math.random };
await using store = await openDynamoStore({ url, ids, clock: systemClock });
let baseVersionNum = 0;
for (let n = 0; n < Number(count); n += 1) {
  if (n % 2 === 0) baseVersionNum = (await store.getTask(taskId))?.current.versionNum ?? 0;
  const version = draft({ title: `${name} ${n}`, createdBy: name, changeReason: String(baseVersionNum) });
  await store.appendVersion({ taskId, baseVersionNum, version, at: new Date().toISOString() });
}
