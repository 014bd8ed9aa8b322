// One run of a table sync in a fresh process. Usage: node bench/two-way-once.ts URL TOKEN FOLDER DATA_SOURCE_ID CONFLICT [AHEAD_MS]
// Prints {seconds, created, updated}. The time is that of the run alone, without starting Node. `AHEAD_MS`: later by so much.
import { openLockstep } from "../src/app/open.ts";
import { systemClock } from "../src/app/platform.ts";
import { noSecrets } from "../src/config/environment.ts";
import { twoWayConfig } from "./two-way-world.ts";

const [url = "", token = "", folder = "", dataSourceId = "", conflict = "", aheadMs = "0"] =
  process.argv.slice(2);
const lockstep = await openLockstep({
  config: twoWayConfig(folder, dataSourceId, { conflict: conflict === "ask" ? "ask" : "table" }),
  secrets: { ...noSecrets, notionToken: token },
  baseUrl: url,
  clock: { ...systemClock, now: () => Date.now() + Number(aheadMs) },
});
const start = performance.now();
const [report] = await lockstep.sync([], { trigger: "bench", isAccepted: true });
const seconds = (performance.now() - start) / 1000;
await lockstep.close();
if (report?.run.status !== "succeeded") throw new Error(JSON.stringify(report?.run.errors));
const { created, updated } = report.run.counts;
console.log(JSON.stringify({ seconds, created, updated }));
