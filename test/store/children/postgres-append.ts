import { randomUUID } from "node:crypto";
import { openPostgresStore } from "../../../src/store/postgres/open.ts";
import { draft } from "../../../src/store/suite/case.ts";

// Appends `count` versions to one task, two on each base it reads, beside other processes that do the same.
const [url = "", taskId = "", name = "", count = "0"] = process.argv.slice(2);

await using store = await openPostgresStore({ url, ids: { next: randomUUID, random: Math.random } });
let baseVersionNum = 0;
for (let n = 0; n < Number(count); n += 1) {
  if (n % 2 === 0) baseVersionNum = (await store.getTask(taskId))?.current.versionNum ?? 0;
  const version = draft({ title: `${name} ${n}`, createdBy: name, changeReason: String(baseVersionNum) });
  await store.appendVersion({ taskId, baseVersionNum, version, at: new Date().toISOString() });
}
