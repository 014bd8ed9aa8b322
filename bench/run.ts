// npm run bench [-- NAME …]: prints every figure beside its floor, measured in the same run. `--json` for programs.
import { measureCalls } from "./calls.ts";
import { measureDynamo } from "./dynamodb.ts";
import { measureEmulator } from "./emulator.ts";
import { measureEngine, measureMemory } from "./engine.ts";
import { run as measureHistory } from "./history.ts";
import { measureLibraryImport, measureLibraryPace } from "./library-import.ts";
import { measureLibraryParser } from "./library-parser.ts";
import { measurePace } from "./pace.ts";
import { measurePipelineDay } from "./pipeline-day.ts";
import { measurePipelineWebhook } from "./pipeline-webhook.ts";
import { measurePlanner } from "./planner.ts";
import { measurePlanningCalls } from "./planning.ts";
import { run as measureSqlCapture } from "./sql-capture.ts";
import type { BenchResult } from "./support.ts";
import { measureTwoWayCalls } from "./two-way.ts";
import { measureTwoWayResume } from "./two-way-resume.ts";
import { measureTwoWaySpeed } from "./two-way-speed.ts";

const benches: Record<string, () => Promise<BenchResult>> = {
  "calls-1000": () => measureCalls(1_000, 250),
  "calls-25000": () => measureCalls(25_000, 1_000),
  pace: () => measurePace(),
  engine: () => measureEngine(),
  memory: () => measureMemory(),
  history: () => measureHistory(),
  emulator: () => measureEmulator(),
  planner: () => measurePlanner(),
  "planning-calls": () => measurePlanningCalls(),
  "library-parser": () => measureLibraryParser(),
  "pipeline-webhook": () => measurePipelineWebhook(),
  "pipeline-day": () => measurePipelineDay(),
  "library-import": () => measureLibraryImport(),
  "library-pace": () => measureLibraryPace(),
  dynamodb: () => measureDynamo(),
  "sql-capture": () => measureSqlCapture(),
  "two-way-calls": () => measureTwoWayCalls(),
  "two-way-resume": () => measureTwoWayResume(),
  "two-way-speed": () => measureTwoWaySpeed(),
};

const args = process.argv.slice(2);
const isJson = args.includes("--json");
const wanted = args.filter((arg) => !arg.startsWith("--"));
for (const name of wanted.length === 0 ? Object.keys(benches) : wanted) {
  const bench = benches[name];
  if (bench === undefined) {
    console.error(`there is no benchmark "${name}"; there are: ${Object.keys(benches).join(", ")}`);
    process.exit(2);
  }
  process.stderr.write(`measuring ${name} …\n`);
  const result = await bench();
  if (isJson) console.log(JSON.stringify(result));
  else print(result);
}

function print({ name, figures, how }: BenchResult): void {
  console.log(`\n${name}`);
  for (const { label, value, unit } of figures) {
    const shown = Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
    console.log(`  ${shown.padStart(10)} ${unit.padEnd(8)} ${label}`);
  }
  console.log(`  how: ${how}`);
}
