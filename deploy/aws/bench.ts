import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleAll } from "./bundle.ts";
import { readStage } from "./settings.ts";
import { functionSpecs } from "./stack/functions.ts";

// Sizes and cold starts of the bundles, measured; and what a stage costs, on paper.

const runs = 5;

/**
 * On demand, a region of the EU, in US dollars. From memory of Amazon's public lists as of mid 2026; not looked up, because
 * this was written without a network: check before relying on them.
 */
const prices = {
  lambdaGbSecond: 0.000_013_333_4,
  lambdaMillionRequests: 0.2,
  stepsMillionTransitions: 25,
  dynamoMillionWrites: 0.705,
  dynamoMillionReads: 0.141,
  secretMonth: 0.4,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  metricMonth: 0.3,
} as const;

const folder = await mkdtemp(join(tmpdir(), "lockstep-bench-"));
try {
  const { context } = JSON.parse(await readFile(join(import.meta.dirname, "cdk.json"), "utf8"));
  const bundles = await bundleAll(folder, readStage("dev", context.stages).written);
  console.log("function          code KB   gz KB   import to first answer ms (median of 5)   memory MB");
  for (const { name, bytes, folder: own } of bundles) {
    const code = await readFile(join(own, "index.mjs"));
    const starts = [];
    for (let run = 0; run < runs; run += 1) starts.push(await coldStart(own));
    const middle = starts.sort((a, b) => a.ms - b.ms)[Math.floor(runs / 2)];
    console.log(
      `${name.padEnd(16)} ${kb(bytes)} ${kb(gzipSync(code).length)} ${String(Math.round(middle?.ms ?? 0)).padStart(24)} ${String(Math.round(middle?.mb ?? 0)).padStart(33)}`,
    );
  }
  console.log(
    "\nA fresh process: import of the bundle, first invocation up to its answer (the store is not there: a refusal).",
  );
  console.log(costs());
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** In a process of its own: its answer is a failure, because nothing listens where the store is looked for. */
async function coldStart(own: string): Promise<{ readonly ms: number; readonly mb: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "local/cold-start.ts"), own], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, LAMBDA_TASK_ROOT: own, LOCKSTEP_STAGE: "dev", AWS_REGION: "eu-central-1" },
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(child, "close");
  const last = Buffer.concat(chunks).toString("utf8").trim().split("\n").at(-1) ?? "";
  return JSON.parse(last);
}

function kb(bytes: number): string {
  return String(Math.round(bytes / 1024)).padStart(8);
}

function costs(): string {
  const books = 1_000;
  // Four steps of about a second each at 512 MB, and the sixth part of that for everything around them.
  const seconds = books * 4 * 1.2;
  const lambda = seconds * 0.5 * prices.lambdaGbSecond + (books * 4.2 * prices.lambdaMillionRequests) / 1e6;
  const transitions = (books * 5 + 50) * (prices.stepsMillionTransitions / 1e6);
  // Units a book as bench/dynamodb.ts counts them for one machine, times two for leases and evidence of each step.
  const [writesPerBook, readsPerBook] = [120, 1_200];
  const dynamo =
    (books * writesPerBook * prices.dynamoMillionWrites + books * readsPerBook * prices.dynamoMillionReads) /
    1e6;
  const alarms = 8 * prices.alarmMonth;
  const idle = 6 * prices.secretMonth + alarms + prices.dashboardMonth + 5 * prices.metricMonth;
  const line = (label: string, dollars: number) => `  ${label.padEnd(62)} ${dollars.toFixed(2).padStart(7)}`;
  return [
    "\nOn paper, US dollars; prices from memory as of mid 2026, not looked up; no free tier counted:",
    `First import of ${books} books`,
    line("Lambda: 4 steps of 1.2 s at 512 MB, arm64 (assumed)", lambda),
    line("Step Functions: 5 transitions a book", transitions),
    line(
      `DynamoDB: ${writesPerBook} writes and ${readsPerBook} reads a book (estimated, see the text)`,
      dynamo,
    ),
    line("together", lambda + transitions + dynamo),
    "A month without work",
    line("6 secrets, 8 alarms, 1 dashboard, 5 metrics", idle),
    line("DynamoDB, queues, API, functions: nothing but storage", 0),
    line("together", idle),
    `(${Object.keys(functionSpecs).length} functions, of which none is kept warm.)`,
  ].join("\n");
}
