import type { PairConfig } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import type { Side } from "../core/two-way/mapping.ts";
import { openPair } from "../engine/two-way/link.ts";
import type { Hold, PairConflict, PairLink } from "../store/pair-store.ts";
import { titleOf } from "./pair-title.ts";
import type { PairSource } from "./pairs.ts";
import { labelsOf } from "./run-pairs.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { pairsIn, tableCalled } from "./targets.ts";
import type { ConflictReport, HoldReport, OpenQuestions, ProblemReport, Taken, TwoWay } from "./two-way.ts";

/** More open questions than anybody answers one by one; ids are looked for among these. */
const questionsMax = 10_000;

/** What waits for a person: conflicts with both values, and what a guard has stopped. */
export async function openQuestions(
  world: SyncWorld,
  { sync, limit }: Parameters<TwoWay["questions"]>[0],
): Promise<OpenQuestions> {
  const wanted = sync === undefined ? null : tableCalled(world.config, sync);
  const sources = await knownPairs(world);
  const only = wanted === null ? undefined : sources.find(({ config }) => config.name === wanted.name);
  // Configured, and never reached: nothing can be open.
  if (wanted !== null && only === undefined) return { conflicts: [], holds: [], problems: [] };
  const filter = { syncId: only?.syncId, isOpen: true, limit };
  const { pairs } = world.deps.store;
  const conflicts = await pairs.listConflicts(filter);
  const holds = await pairs.listHolds(filter);
  return {
    conflicts: await describeConflicts(world, sources, conflicts),
    holds: holds.map((hold) => describeHold(hold, sources)),
    problems: await problemsIn(world, only === undefined ? sources : [only], limit),
  };
}

async function problemsIn(
  { deps, pairs }: SyncWorld,
  sources: readonly PairSource[],
  limit: number,
): Promise<readonly ProblemReport[]> {
  const found: ProblemReport[] = [];
  for (const source of sources) {
    if ((await deps.store.pairs.getPairTotals(source.syncId)).problems === 0) continue;
    const { titleField } = await pairs.memoryOf(source);
    for await (const link of deps.store.pairs.iterateLinks(source.syncId)) {
      if (link.problem === null) continue;
      if (found.length >= limit) return found;
      const { id, leftId, rightId, problem, dueAt } = link;
      const title = titleOf(openPair(link), titleField);
      const nextTryAt = dueAt === null ? null : new Date(dueAt).toISOString();
      found.push({ sync: source.config.name, linkId: id, title, leftId, rightId, problem, nextTryAt });
    }
  }
  return found;
}

/** Notes a person's word on a conflict; the next run carries it out. */
export async function settleConflict(
  world: SyncWorld,
  { id, take, by }: Parameters<TwoWay["settle"]>[0],
): Promise<ConflictReport> {
  const { store, clock } = world.deps;
  const open = await store.pairs.listConflicts({ isOpen: true, limit: questionsMax });
  const conflict = theOne(open, id, "open conflict");
  const now = clock.now();
  const winner = winners[take];
  const settled = { id: conflict.id, winner, by, at: new Date(now).toISOString(), now };
  if (!(await store.pairs.settleConflict(settled))) throw tooLate(id, "conflict", "settled");
  const [report] = await describeConflicts(world, await knownPairs(world), [
    { ...conflict, winner, settledBy: by },
  ]);
  if (report === undefined) throw tooLate(id, "conflict", "settled");
  return report;
}

/** Notes a person's word on a hold. An approval is for exactly what the hold names. */
export async function decideHold(
  world: SyncWorld,
  { id, decision, by }: Parameters<TwoWay["decide"]>[0],
): Promise<HoldReport> {
  const { store, clock } = world.deps;
  const open = await store.pairs.listHolds({ isOpen: true, limit: questionsMax });
  const hold = theOne(open, id, "open hold");
  const at = new Date(clock.now()).toISOString();
  if (!(await store.pairs.decideHold({ id: hold.id, decision, by, at })))
    throw tooLate(id, "hold", "decided");
  return describeHold({ ...hold, decision, decidedBy: by }, await knownPairs(world));
}

/** Table syncs that were reached before. */
export async function knownPairs({ config, pairs }: SyncWorld): Promise<readonly PairSource[]> {
  const sources = await Promise.all(pairsIn(config).map((table) => pairs.known(table)));
  return sources.filter((source) => source !== null);
}

const winners: Readonly<Record<Taken, Side>> = {
  left: "left",
  right: "right",
  notion: "left",
  table: "right",
  github: "right",
};

async function describeConflicts(
  { deps, pairs }: SyncWorld,
  sources: readonly PairSource[],
  conflicts: readonly PairConflict[],
): Promise<readonly ConflictReport[]> {
  const links = new Map<string, PairLink>();
  const titles = new Map<string, string | null>();
  for (const source of sources) {
    const ids = conflicts.filter(({ syncId }) => syncId === source.syncId).map(({ linkId }) => linkId);
    if (ids.length === 0) continue;
    titles.set(source.syncId, (await pairs.memoryOf(source)).titleField);
    const unique = [...new Set(ids)];
    for (const link of await deps.store.pairs.getLinks(source.syncId, unique)) links.set(link.id, link);
  }
  return conflicts.map((conflict) => {
    const { id, syncId, linkId, field, base, left, right } = conflict;
    const { leftActor, rightActor, openedAt, winner, settledBy } = conflict;
    const link = links.get(linkId);
    const title = link === undefined ? linkId : titleOf(openPair(link), titles.get(syncId) ?? null);
    return {
      id,
      ...namesOf(syncId, sources),
      title,
      leftId: link?.leftId ?? null,
      rightId: link?.rightId ?? null,
      ...{ field, base, left, right, leftActor, rightActor, openedAt, winner, settledBy },
    };
  });
}

function describeHold(hold: Hold, sources: readonly PairSource[]): HoldReport {
  const { id, syncId, kind, message, count, openedAt, decision, decidedBy } = hold;
  const { sync } = namesOf(syncId, sources);
  return { id, sync, kind, message, count, openedAt, decision, decidedBy };
}

/** What a sync is called now; one that the configuration no longer names goes by its id. */
function namesOf(syncId: string, sources: readonly PairSource[]): Pick<ConflictReport, "sync" | "sides"> {
  const config: PairConfig | undefined = sources.find((source) => source.syncId === syncId)?.config;
  return config === undefined
    ? { sync: syncId, sides: { left: "left", right: "right" } }
    : { sync: config.name, sides: labelsOf(config) };
}

/** By a whole id, or a beginning that only one of them has. */
function theOne<T extends { readonly id: string }>(all: readonly T[], reference: string, what: string): T {
  const wanted = reference.trim().toLowerCase();
  const found = wanted === "" ? [] : all.filter(({ id }) => id.startsWith(wanted));
  const [one] = found;
  if (one !== undefined && (found.length === 1 || one.id === wanted)) return one;
  const shown = reference.slice(0, 60);
  throw new LockstepError(
    "RECORD_NOT_FOUND",
    found.length === 0
      ? `no ${what} has the id "${shown}"; \`lockstep conflicts\` lists them`
      : `"${shown}" is the beginning of ${found.length} ids; give more of it`,
  );
}

function tooLate(id: string, what: string, done: string): LockstepError {
  return new LockstepError(
    "RECORD_NOT_FOUND",
    `${what} "${id.slice(0, 60)}" has been ${done} or closed in the meantime; \`lockstep conflicts\` lists what is open`,
  );
}
