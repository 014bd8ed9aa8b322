// Webhook acknowledgement of the pipeline, while the board is followed, with the load generator beside it.
import { loadavg } from "node:os";
import { measureKill } from "./pipeline-kill.ts";
import { measureTravel } from "./pipeline-travel.ts";
import { load, openWorld, secret, type World } from "./pipeline-world.ts";
import { startPostgres } from "./postgres.ts";
import { type BenchResult, machine, startChild } from "./support.ts";

const rates = [200, 1_000, 2_000, 3_000, 5_000] as const;
const p99MaxMs = 50;
const pushSeconds = 5;

type Figures = BenchResult["figures"][number][];

/** Acknowledgement beside a bare handler at the same rates, a kill under load, and the way of a change to either side. */
export async function measurePipelineWebhook(seconds = 4): Promise<BenchResult> {
  const figures: Figures = [];
  const load0 = loadavg()[0] ?? 0;
  await using postgres = await startPostgres();
  for (const [product, url] of [
    ["SQLite", null],
    ["Postgres", postgres.url],
  ] as const) {
    await using world = await openWorld({ postgres: url, pages: 50, pipeline: { pushSeconds } });
    figures.push(...(await rateFigures(product, world, seconds)));
    figures.push(...(await killFigures(product, world, seconds)));
  }
  figures.push(...(await travelFigures()));
  const loads = `load of the machine ${load0.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after`;
  return {
    name: "pipeline: webhooks",
    figures,
    how:
      `${machine}, ${loads}; ${seconds} s at each rate, sent whether or not the ones before were answered, timed from when ` +
      "each was due; 50 pages named in turn, which the server reads meanwhile at 600 requests a minute; the bare handler " +
      "checks the same signature and makes the same insert in the same store, right after it at the same rate",
  };
}

async function rateFigures(product: string, world: World, seconds: number): Promise<Figures> {
  await using server = await world.start();
  await using bare = await startChild<{ url: string }>("pipeline-bare.ts", [world.storeUrl, secret]);
  // Code that runs for the first time is slow, here and there.
  for (const { url } of [server, bare]) await load(world, { url, perSecond: 100, seconds: 2 });
  const figures: Figures = [];
  let highest = 0;
  let bareHighest = 0;
  for (const perSecond of rates) {
    const ours = await load(world, { url: server.url, perSecond, seconds });
    const floor = await load(world, { url: bare.url, perSecond, seconds });
    if (ours.p99 < p99MaxMs && ours.acknowledged === ours.sent) highest = perSecond;
    if (floor.p99 < p99MaxMs && floor.acknowledged === floor.sent) bareHighest = perSecond;
    const at = `${product}, ${perSecond.toLocaleString("en")}/s`;
    figures.push(
      { label: `${at}: median`, value: ours.p50, unit: "ms" },
      { label: `${at}: 99th percentile`, value: ours.p99, unit: "ms" },
      { label: `${at}: longest`, value: ours.max, unit: "ms" },
      { label: `${at}: not acknowledged`, value: ours.sent - ours.acknowledged, unit: "" },
      { label: `${at}: median of the bare handler`, value: floor.p50, unit: "ms" },
      { label: `${at}: 99th percentile of the bare handler`, value: floor.p99, unit: "ms" },
      { label: `${at}: 99th percentile, the bare handler being 1`, value: ours.p99 / floor.p99, unit: "x" },
    );
  }
  const what = `highest of these rates with a 99th percentile below ${p99MaxMs} ms`;
  figures.push({ label: `${product}: ${what}`, value: highest, unit: "/s" });
  figures.push({ label: `${product}: ${what}, bare handler`, value: bareHighest, unit: "/s" });
  return figures;
}

async function killFigures(product: string, world: World, seconds: number): Promise<Figures> {
  const report = await measureKill(world, seconds);
  const at = `${product}, killed under 500/s`;
  return [
    { label: `${at}: acknowledged before`, value: report.acknowledged, unit: "events" },
    { label: `${at}: of these lost`, value: report.lost, unit: "events" },
    { label: `${at}: of these handled other than once`, value: report.notHandledOnce, unit: "events" },
    { label: `${at}: left when started again`, value: report.left, unit: "events" },
    { label: `${at}: taken up by the runs that followed`, value: report.takenUp, unit: "events" },
    { label: `${at}: from the start until none waited`, value: report.drainMs, unit: "ms" },
  ];
}

async function travelFigures(): Promise<Figures> {
  await using world = await openWorld({ postgres: null, pages: 50, pipeline: { pushSeconds } });
  await using server = await world.start();
  const { toRow, toBoard, changes, reads, writes } = await measureTravel(world, server);
  const sorted = toRow.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return [
    { label: "an edit in Notion, told at once, to the row: median", value: at(0.5), unit: "ms" },
    { label: "an edit in Notion, told at once, to the row: 95th percentile", value: at(0.95), unit: "ms" },
    {
      label: `50 changed rows to the board, pushed every ${pushSeconds} s: longest of ${toBoard.length}`,
      value: Math.max(...toBoard),
      unit: "ms",
    },
    { label: `reads for ${changes} changes`, value: reads, unit: "requests" },
    { label: `writes for ${changes} changes`, value: writes, unit: "requests" },
  ];
}
