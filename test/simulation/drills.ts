import type { Store } from "../../src/store/store.ts";
import { type Ended, readEnd } from "./audit.ts";
import { PERSON, recordsOf } from "./hands.ts";
import { hintOf } from "./hints.ts";
import type { Watch } from "./watch.ts";
import { boot, type Fleet } from "./worker.ts";
import type { World } from "./world.ts";

/** What the drills act on: a world at rest, whose books were found in order. */
export interface Drilled {
  readonly world: World;
  readonly watch: Watch;
  readonly fleet: Fleet;
  /** Lets virtual time pass. */
  readonly pass: (ms: number) => Promise<void>;
  readonly openStore: () => Promise<Store>;
}

const MINUTE = 60_000;

/** I19, I20, I21: what operators and vendors do to a sync long after, none of which may change a thing by itself. */
export async function drill(drilled: Drilled): Promise<void> {
  for (const step of [replayHints, changeMapping, rebuild]) {
    if (drilled.world.violations.length > 0) return;
    await step(drilled);
  }
}

/** I19: every hint there could have been, told again, the last one first. */
async function replayHints({ world, watch, fleet, pass }: Drilled): Promise<void> {
  // Without sweeps there are things that only a hint brings to light.
  if (world.options.sweepEveryMs === null) return;
  const told = world.ledger.happenings
    .filter(({ side }) => side === "left")
    .map((each) => hintOf(world, each, "replayed"));
  const before = watch.writes;
  await fleet.store.pairs.putInbox(told.toReversed());
  await pass(2 * world.pollEveryMs);
  if (watch.writes > before) world.fail("I19", `${watch.writes - before} writes after hints were told again`);
}

/** I20: under another mapping nothing is written before a person has accepted it; then what was held back goes through. */
async function changeMapping({ world, fleet, pass }: Drilled): Promise<void> {
  fleet.mapping.print = "two";
  fleet.mapping.isAccepted = false;
  fleet.mapping.changedAt = world.now;
  const id = await pairedPage(fleet, world);
  const plan = world.workspace.schema[2];
  if (id !== null && plan !== undefined)
    world.workspace.change(id, { values: { [plan.id]: "after" } }, PERSON);
  await pass(2 * world.pollEveryMs);
  fleet.mapping.isAccepted = true;
  await pass(2 * world.pollEveryMs + 5 * MINUTE);
  const [link] = id === null ? [] : await fleet.store.pairs.findLinks(world.subject.syncId, "left", [id]);
  if (link?.rightId == null || id === null) return;
  if (world.plain("left", id, "plan") !== world.plain("right", link.rightId, "plan"))
    world.fail("I20", "an edit made while a new mapping waited for its acceptance was not carried over", id);
}

async function pairedPage({ store }: Fleet, world: World): Promise<string | null> {
  for (const id of recordsOf(world, "left", "live")) {
    const [link] = await store.pairs.findLinks(world.subject.syncId, "left", [id]);
    const isSound = link?.status === "live" && link.problem === null && link.openConflicts === 0;
    if (isSound && link.rightId !== null && world.presence("right", link.rightId) === "live") return id;
  }
  return null;
}

/** I21: with all memory lost, the markers on the records give back the same pairs, and nothing is made or deleted. */
async function rebuild({ world, watch, fleet, pass, openStore }: Drilled): Promise<void> {
  const before = await readEnd(world, watch, fleet.store, 0);
  if (!isPlain(before)) return;
  for (const machine of fleet.machines.values()) machine.crash();
  const store = await openStore();
  watch.forget();
  const writes = watch.writes;
  boot({ ...fleet, store, machines: new Map() }, 0);
  await pass(2 * world.pollEveryMs + 5 * MINUTE);
  const after = await readEnd(world, watch, store, 0);
  const [known, found] = [pairsOf(before), pairsOf(after)];
  if (watch.writes > writes) world.fail("I21", `${watch.writes - writes} writes after the state was lost`);
  for (const pair of known)
    if (!found.has(pair)) world.fail("I21", `the pair ${pair} was not found again`, pair.split(" ")[0]);
  await store.close();
}

/** Whether everything that is known can be read off the records: decisions of people cannot. */
function isPlain({ links, openConflicts, openHolds, world }: Ended): boolean {
  const names = recordsOf(world, "left", "live").map((id) => world.plain("left", id, "name"));
  return (
    // Those matched by name carry no marker: without one, or with one of two, they could not be matched again.
    (!world.options.matchesByName || (new Set(names).size === names.length && !names.includes(null))) &&
    openConflicts.length === 0 &&
    openHolds.length === 0 &&
    links.every(({ status, problem }) => problem === null && (status === "live" || status === "dead"))
  );
}

function pairsOf({ links, world }: Ended): Set<string> {
  const live = links.filter(
    ({ leftId, rightId }) =>
      leftId !== null &&
      rightId !== null &&
      world.presence("left", leftId) === "live" &&
      world.presence("right", rightId) === "live",
  );
  return new Set(live.map(({ leftId, rightId }) => `${leftId} ${rightId}`));
}
