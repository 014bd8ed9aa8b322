// Webhook acknowledgement of the pipeline: durable, while the board is followed, with a load generator beside it.
// Usage: node bench/pipeline.ts [POSTGRES_URL]  ->  prints one line of JSON for each figure.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemIds } from "../src/app/platform.ts";
import { openStore } from "../src/app/stores.ts";
import { type Emulator, startEmulator } from "../src/emulator/index.ts";
import type { Load, LoadRequest } from "./pipeline-load.ts";
import { machine, runScript, startChild } from "./support.ts";

const secret = "bench-webhook-secret";
const seconds = Number(process.env.BENCH_SECONDS ?? 5);
const pageCount = 50;
const p99Max = 50;
const rates = [200, 1_000] as const;
const furtherRates = [2_000, 3_000, 5_000] as const;

interface World extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly dataSourceId: string;
  readonly pages: readonly string[];
  readonly storeUrl: string;
  readonly cwd: string;
  start(): Promise<{ readonly url: string; readonly child: ChildProcess }>;
}

const [postgresUrl] = process.argv.slice(2);
console.log(JSON.stringify({ machine, seconds }));
for (const product of ["sqlite", ...(postgresUrl === undefined ? [] : ["postgres"])]) {
  await using world = await openWorld(product === "sqlite" ? null : (postgresUrl ?? null));
  await measureRates(product, world);
  await measureKill(product, world);
}

async function measureRates(product: string, world: World): Promise<void> {
  const server = await world.start();
  await using bare = await startChild<{ url: string }>("pipeline-bare.ts", [world.storeUrl, secret]);
  let highest = 0;
  for (const perSecond of [...rates, ...furtherRates]) {
    const ours = await load(world, { url: server.url, perSecond });
    const isFast = ours.p99 < p99Max && ours.acknowledged === ours.sent;
    if (isFast) highest = perSecond;
    const floor = rates.some((rate) => rate === perSecond)
      ? await load(world, { url: bare.url, perSecond })
      : null;
    const ratio = floor === null ? null : Number((ours.p99 / floor.p99).toFixed(2));
    console.log(JSON.stringify({ product, perSecond, ours, floor, p99Ratio: ratio }));
    if (!isFast && floor === null) break;
  }
  console.log(JSON.stringify({ product, highestRateWithP99Under50Ms: highest }));
  server.child.kill("SIGKILL");
  await once(server.child, "exit");
}

/** Killed under load and started again: every acknowledged event is there, and in the end each is handled once. */
async function measureKill(product: string, world: World): Promise<void> {
  const first = await world.start();
  const file = join(world.cwd, "killed.json");
  const loading = load(world, { url: first.url, perSecond: 500, file });
  await new Promise((resolve) => setTimeout(resolve, (seconds * 1_000) / 2));
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  await loading;
  const acknowledged: readonly string[] = JSON.parse(await readFile(file, "utf8"));
  const second = await world.start();
  const store = await openStore(world.storeUrl, { ids: systemIds, isReadOnly: false });
  let waiting = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 300 && waiting > 0; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    waiting = (await store.pairs.listInbox(`table:${world.dataSourceId}:tasks`, 10_000)).length;
  }
  const again = await redeliver(world, second.url, acknowledged);
  await store.close();
  second.child.kill("SIGKILL");
  await once(second.child, "exit");
  console.log(
    JSON.stringify({ product, killedUnderLoad: { acknowledged: acknowledged.length, waiting, lost: again } }),
  );
}

/** How many of these the server had not kept: it takes those as new. */
async function redeliver(world: World, url: string, ids: readonly string[]): Promise<number> {
  const { createHmac } = await import("node:crypto");
  let lost = 0;
  for (const id of ids.slice(0, 500)) {
    const body = JSON.stringify({
      id,
      type: "page.properties_updated",
      authors: [{ id: "ada", type: "person" }],
      entity: { id: world.pages[0], type: "page" },
      data: { parent: { type: "database", data_source_id: world.dataSourceId } },
    });
    const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    const headers = { "content-type": "application/json", "x-notion-signature": signature };
    const response = await fetch(`${url}/webhook/notion`, { method: "POST", headers, body });
    const answer: unknown = await response.json();
    if (typeof answer === "object" && answer !== null && "events" in answer && answer.events !== 0) lost += 1;
  }
  return lost;
}

function load(
  { dataSourceId, pages, cwd }: World,
  more: Pick<LoadRequest, "url" | "perSecond"> & { readonly file?: string },
): Promise<Load> {
  const request: LoadRequest = {
    secret,
    seconds,
    dataSourceId,
    pages,
    file: join(cwd, "acknowledged.json"),
    ...more,
  };
  return runScript<Load>("pipeline-load.ts", [JSON.stringify(request)]);
}

async function openWorld(postgres: string | null): Promise<World> {
  const cwd = await mkdtemp(join(tmpdir(), "lockstep-bench-"));
  await mkdir(join(cwd, "channel_configs"));
  await writeFile(join(cwd, "channel_configs/news.yaml"), "id: news\nname: Daily News\n");
  const emulator = await startEmulator({ ratePerMinute: null });
  const storeUrl = postgres ?? `sqlite:${join(cwd, "lockstep.db")}`;
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const address = new URL(storeUrl);
  const password = decodeURIComponent(address.password);
  address.password = "";
  const store = postgres === null ? storeUrl : address.href;
  const config = { store, notion: { ratePerMinute: 600 }, pipeline: { notion: { parentPage } } };
  await writeFile(join(cwd, "lockstep.config.json"), JSON.stringify(config));
  const env = {
    PATH: process.env.PATH,
    NOTION_BASE_URL: emulator.url,
    NOTION_TOKEN: emulator.token,
    NOTION_WEBHOOK_SECRET: secret,
    ...(password === "" ? {} : { PGPASSWORD: password }),
  };
  const entry = new URL("../src/cli/main.ts", import.meta.url).pathname;
  const launch = (args: readonly string[]) =>
    spawn(process.execPath, [entry, ...args], { cwd, env, stdio: ["ignore", "pipe", "ignore"] });
  const lineOf = async (child: ChildProcess): Promise<string> => {
    if (child.stdout === null) throw new Error("the child has no output");
    return String((await once(createInterface({ input: child.stdout }), "line"))[0]);
  };
  const { board } = JSON.parse(await lineOf(launch(["init", "--recipe", "pipeline", "--json"])));
  const pages = Array.from({ length: pageCount }, (_, index) =>
    emulator.workspace.createPage({
      parent: { dataSourceId: board },
      properties: { Title: { title: [{ type: "text", text: { content: `Entry ${index}` } }] } },
    }),
  );
  await once(launch(["sync"]), "exit");
  return {
    ...{ emulator, dataSourceId: board, pages, storeUrl, cwd },
    async start() {
      const child = launch(["serve", "--port", "0", "--json"]);
      return { child, url: JSON.parse(await lineOf(child)).url };
    },
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await rm(cwd, { recursive: true, force: true });
    },
  };
}
