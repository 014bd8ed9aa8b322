import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { viewInbox } from "./pipeline-inbox.ts";
import { load, type World } from "./pipeline-world.ts";

const perSecond = 500;
const drainMsMax = 60_000;

/** What became of acknowledged deliveries when the server was killed among them and started again. */
export interface KillReport {
  readonly acknowledged: number;
  /** Acknowledged, and not in the store. */
  readonly lost: number;
  /** Acknowledged, and marked as handled other than exactly once. */
  readonly notHandledOnce: number;
  /** Waiting when the server was started again; and how many its runs say they took up. */
  readonly left: number;
  readonly takenUp: number;
  /** From the start until nothing waited. */
  readonly drainMs: number;
}

/** Kills the server under load, starts it again, and counts every acknowledged event by its id. */
export async function measureKill(world: World, seconds: number): Promise<KillReport> {
  await using inbox = await viewInbox(world.storeUrl, world.syncId);
  await inbox.watch();
  const first = await world.start();
  const file = join(world.cwd, "killed.json");
  const loading = load(world, { url: first.url, perSecond, seconds, file });
  await wait((seconds * 1_000) / 2);
  await first.kill();
  await loading;
  const acknowledged: readonly string[] = JSON.parse(await readFile(file, "utf8"));
  const left = await inbox.waiting();
  const begin = performance.now();
  const since = new Date().toISOString();
  await using _second = await world.start();
  const isWithin = () => performance.now() - begin < drainMsMax;
  while ((await inbox.waiting()) > 0 && isWithin()) await wait(20);
  const drainMs = performance.now() - begin;
  // A run says what it took up when it ends.
  while ((await inbox.hintsOfRuns(since)) < left && isWithin()) await wait(200);
  const takenUp = await inbox.hintsOfRuns(since);
  const handlings = await inbox.handlings();
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((id) => !handlings.has(id)).length,
    notHandledOnce: acknowledged.filter((id) => handlings.get(id) !== 1).length,
    left,
    takenUp,
    drainMs,
  };
}
