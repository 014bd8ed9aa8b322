// One full backup in a fresh process. Usage: node bench/backup-once.ts URL TOKEN DATABASE_ID FOLDER
// Prints {seconds, rows, calls, peakBytes}. The time is that of the work alone, without starting Node.
import { openLockstep } from "../src/app/open.ts";
import { noSecrets } from "../src/config/environment.ts";
import { benchConfig } from "./support.ts";

const [url = "", token = "", databaseId = "", folder = ""] = process.argv.slice(2);
const lockstep = await openLockstep({
  config: benchConfig(folder, databaseId, [
    { property: "Notes", field: "description" },
    { property: "State", field: "status" },
    { property: "Kind", field: "resolution" },
  ]),
  secrets: { ...noSecrets, notionToken: token },
  baseUrl: url,
});
const cpuBefore = process.cpuUsage();
const start = performance.now();
const [report] = await lockstep.sync([], { trigger: "bench" });
const seconds = (performance.now() - start) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const cpuSeconds = (cpu.user + cpu.system) / 1e6;
if (report?.run.status !== "succeeded") throw new Error(JSON.stringify(report?.run.errors));
const peakBytes = process.resourceUsage().maxRSS * 1024;
await lockstep.close();
console.log(
  JSON.stringify({
    seconds,
    cpuSeconds,
    rows: report.run.counts.created,
    calls: report.run.calls,
    peakBytes,
  }),
);
