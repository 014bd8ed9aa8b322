import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import type { Json } from "../../src/core/json.ts";
import { costs } from "./costs.ts";
import { exportOf, library } from "./local/books.ts";
import { execute } from "./local/machine.ts";
import { synthesiseDev } from "./local/run-here.ts";
import { openLocalStage } from "./local/stage.ts";
import { type FunctionName, functionSpecs } from "./stack/functions.ts";

// Capacity units of an import, and sizes, cold starts and memory of the functions, measured on this machine; and what a stage
// costs, on paper.

const { values } = parseArgs({
  options: { books: { type: "string", default: "100" }, runs: { type: "string", default: "3" } },
});
const books = library(Number(values.books));
const runs = Number(values.runs);
const [adminToken, playerSecret] = ["admin_dummy", "player_dummy"];

await using resources = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "lockstep-bench-"));
resources.defer(() => rm(folder, { recursive: true, force: true }));
const { template, bundlesFolder } = await synthesiseDev(folder);
const stage = resources.use(
  await openLocalStage({
    template,
    bundlesFolder,
    secrets: { LOCKSTEP_ADMIN_TOKEN: adminToken, LOCKSTEP_LIBRARY_WEBHOOK_SECRET: playerSecret },
  }),
);
const first = await measureImport("first");
await measureImport("second");
await measureFunctions();
console.log(costs({ books: books.length, ...first }));

/** Units as the local DynamoDB counts them for the requests of all functions. */
async function measureImport(name: string) {
  stage.wires.reset();
  const startedAt = performance.now();
  const input = { name: "x.csv", text: exportOf(books) };
  const { letters, invocations } = await execute(
    { machine: template.machine(), host: stage.host },
    { name, input },
  );
  if (letters.length > 0) throw new Error(`the ${name} import was not done: ${JSON.stringify(letters[0])}`);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { requests, readUnits, writeUnits } = stage.wires.usage("dynamodb");
  const each = (value: number) => (value / books.length).toFixed(1).padStart(7);
  console.log(
    `\n${name} import of ${books.length} books, ${seconds.toFixed(0)} s, ${sum(Object.values(invocations))} invocations. A book:` +
      `${each(writeUnits)} write units,${each(readUnits)} read units,${each(requests)} requests to DynamoDB,` +
      `${each(stage.wires.usage("notion").requests)} to Notion.`,
  );
  for (const step of new Set(template.functions().map(({ name: of }) => of))) {
    const used = stage.wires.usage("dynamodb", step);
    if (used.requests > 0)
      console.log(
        `  ${step.padEnd(16)}${each(used.writeUnits)} write units,${each(used.readUnits)} read units`,
      );
  }
  return { writeUnits, readUnits };
}

async function measureFunctions(): Promise<void> {
  console.log("\nfunction          code KB   gz KB   loaded ms   first answer ms   memory MB");
  for (const name of Object.keys(functionSpecs) as FunctionName[]) {
    const code = await readFile(join(bundlesFolder, name, "index.mjs"));
    const starts = [];
    for (let run = 0; run < runs; run += 1) starts.push(await coldStart(name));
    const [middle] = starts.sort((a, b) => a.ms - b.ms).slice(Math.floor(runs / 2));
    if (middle === undefined) throw new Error("nothing was measured");
    const figures = [code.length / 1024, gzipSync(code).length / 1024, middle.loadMs, middle.ms, middle.mb];
    const [size = "", gz = "", loaded = "", ms = "", mb = ""] = figures.map((each) =>
      String(Math.round(each)),
    );
    console.log(
      `${name.padEnd(16)} ${size.padStart(8)} ${gz.padStart(7)} ${loaded.padStart(11)} ${ms.padStart(17)} ${mb.padStart(11)}`,
    );
  }
  console.log(
    `A fresh process each, the median of ${runs}: from its first import to the answer of a first invocation that finds`,
  );
  console.log("the library above: secrets read, store opened. Memory is what is resident then.");
}

async function coldStart(name: FunctionName): Promise<{
  readonly loadMs: number;
  readonly ms: number;
  readonly mb: number;
}> {
  const declared = template.functions().find((each) => each.name === name);
  await writeFile(
    join(folder, "lockstep.config.json"),
    JSON.stringify({ ...stage.config, store: "dynamodb:dev" }),
  );
  const { NODE_OPTIONS: _, ...variables } = declared?.variables ?? {};
  const file = join(bundlesFolder, name, "index.mjs");
  const child = spawn(
    process.execPath,
    [
      "--enable-source-maps",
      join(import.meta.dirname, "local/cold-start.ts"),
      file,
      JSON.stringify(inputOf(name)),
    ],
    {
      stdio: ["ignore", "pipe", "ignore"],
      env: {
        PATH: process.env.PATH,
        ...variables,
        ...stage.amazon.variables,
        ...stage.wires.variablesOf(name, "cold"),
        LAMBDA_TASK_ROOT: folder,
        AWS_REGION: "eu-central-1",
      },
    },
  );
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(child, "close");
  const last = Buffer.concat(chunks).toString("utf8").trim().split("\n").at(-1) ?? "";
  const told = JSON.parse(last);
  if (told.failed !== null) throw new Error(`${name}: ${told.failed}`);
  return told;
}

/** What each function is most often given; the import is done already. */
function inputOf(name: FunctionName): Json {
  const importId = "second";
  const item = { importId, asin: books[0]?.asin ?? "" };
  switch (name) {
    case "begin-import":
      return { input: { importId }, execution: importId };
    case "finish-import":
      return { importId };
    case "api-import":
      return apiEvent("/import", exportOf(books), adminToken);
    case "api-webhook":
      return apiEvent("/webhook/finished", JSON.stringify({ asin: item.asin }), playerSecret);
    case "sync":
      return { kind: "poll", sync: "library-books" };
    case "queue":
      return {
        Records: [{ messageId: "1", body: JSON.stringify({ sync: "library-books", polls: ["right"] }) }],
      };
    default:
      return item;
  }
}

function apiEvent(rawPath: string, body: string, token: string): Json {
  return {
    version: "2.0",
    rawPath,
    rawQueryString: "",
    headers: {
      "content-type": rawPath === "/import" ? "text/csv" : "application/json",
      authorization: `Bearer ${token}`,
    },
    requestContext: { domainName: "api.example", http: { method: "POST" } },
    body,
    isBase64Encoded: false,
  };
}

function sum(all: readonly number[]): number {
  return all.reduce((total, each) => total + each, 0);
}
