import { randomUUID } from "node:crypto";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";

// Appends `count` versions to one task, two on each base it reads, beside other processes that do the same.
const [path = "", taskId = "", name = "", count = "0"] = process.argv.slice(2);

await using store = await openSqliteStore({ path, ids: { next: randomUUID, random: Math.random } });
let baseVersionNum = 0;
for (let n = 0; n < Number(count); n += 1) {
  if (n % 2 === 0) baseVersionNum = (await store.getTask(taskId))?.current.versionNum ?? 0;
  const version = {
    title: `${name} ${n}`,
    description: null,
    status: null,
    resolution: null,
    metadataJson: "{}",
    createdBy: name,
    changeReason: String(baseVersionNum),
    conflictFlag: false,
    isDeleted: false,
  };
  await store.appendVersion({ taskId, baseVersionNum, version, at: new Date().toISOString() });
}
