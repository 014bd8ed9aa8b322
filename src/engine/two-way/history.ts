import type { Json } from "../../core/json.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import { presenceField, type SidePresence, type Values } from "../../core/two-way/pair.ts";
import { type ChainFlaw, type ChainHead, chainStart, verifyChain } from "../../core/two-way/version-chain.ts";
import type { PairLink, PairVersion } from "../../store/pair-store.ts";
import type { Store } from "../../store/store.ts";
import { equalJson, type LinkDoc, openPair } from "./link.ts";
import { type UndoStep, undoStep } from "./undo.ts";

/** What one side of a pair held, as far as it had been observed. */
export interface HeldValues {
  readonly presence: SidePresence;
  /** Own forms by rule name, each as last observed; those of a deleted record are its last ones. */
  readonly values: Values;
}

/** null: nothing had been observed there. */
export type HeldPair = Readonly<Record<Side, HeldValues | null>>;

const sides: readonly Side[] = ["left", "right"];

/**
 * What each side held at `at` (ISO 8601 UTC with milliseconds, as versions have it), as far as Lockstep had observed it
 * by then: its history up to the last version noted until that time.
 */
export async function valuesAt(store: Store, linkId: string, at: string): Promise<HeldPair> {
  let held = nothingHeld;
  let later: PairVersion[] = [];
  for await (const page of historyOf(store, linkId)) {
    for (const version of page) {
      later.push(version);
      if (version.at > at) continue;
      // Clocks may go back from one process to the next. The order of versions never does.
      held = later.reduce(withVersion, held);
      later = [];
    }
  }
  return held;
}

/** What a look at every version of a sync found. */
export interface HistoryProof {
  readonly links: number;
  readonly versions: number;
  readonly flawCount: number;
  /** The first ones, at most one for each link. */
  readonly flaws: readonly ChainFlaw[];
}

const flawsListedMax = 100;
/** Stores on a network answer several questions in the time of one. */
const linksAtOnce = 8;

/**
 * Proves the history of every link: each version is what was written and in its place, none is missing at the end, and
 * together they give what the engine remembers of both sides. Reads only; the sync may go on meanwhile.
 */
export async function proveHistory(
  store: Store,
  syncId: string,
  onProgress: (links: number) => void,
): Promise<HistoryProof> {
  let links = 0;
  let versions = 0;
  let flawCount = 0;
  const flaws: ChainFlaw[] = [];
  for await (const group of grouped(store.pairs.iterateLinks(syncId), linksAtOnce)) {
    for (const proof of await Promise.all(group.map((link) => proveLink(store, link)))) {
      versions += proof.versions;
      if (proof.flaw === null) continue;
      flawCount += 1;
      if (flaws.length < flawsListedMax) flaws.push(proof.flaw);
    }
    links += group.length;
    onProgress(links);
  }
  return { links, versions, flawCount, flaws };
}

/** The inverse of what a run wrote itself, pair by pair in the order of their ids. Changes nothing. */
export async function* inverseOf(store: Store, runId: string): AsyncIterable<UndoStep> {
  const linkIds = new Set<string>();
  for await (const version of store.pairs.iterateVersionsOfRun(runId)) {
    if (version.origin === "engine") linkIds.add(version.linkId);
  }
  for (const linkId of [...linkIds].sort()) {
    const versions: PairVersion[] = [];
    for await (const page of historyOf(store, linkId)) versions.push(...page);
    for (const side of sides) {
      const step = undoStep(runId, side, versions);
      if (step !== null) yield { linkId, side, ...step };
    }
  }
}

/** Versions held at once. */
const versionsPerRead = 500;

/** A link's versions, ascending, page by page. */
async function* historyOf({ pairs }: Store, linkId: string): AsyncIterable<readonly PairVersion[]> {
  let after = 0;
  for (;;) {
    const page = await pairs.listVersions(linkId, { after, limit: versionsPerRead });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < versionsPerRead) return;
    after = last.seq;
  }
}

const nothingHeld: HeldPair = { left: null, right: null };

/** A superseded value was kept before it gave way: its own version changes nothing. */
function withVersion(held: HeldPair, { side, origin, fields }: PairVersion): HeldPair {
  if (origin === "superseded") return held;
  const { [presenceField]: told, ...values } = fields;
  const before = held[side];
  const presence = isPresence(told) ? told : (before?.presence ?? "unknown");
  return { ...held, [side]: { presence, values: { ...before?.values, ...values } } };
}

const presences: ReadonlySet<Json | undefined> = new Set<SidePresence>([
  "absent",
  "live",
  "trashed",
  "gone",
  "out",
  "unknown",
]);

function isPresence(value: Json | undefined): value is SidePresence {
  return presences.has(value);
}

interface LinkProof {
  readonly versions: number;
  readonly flaw: ChainFlaw | null;
}

/** A link that is changed while its history is read gives a wrong picture, and is looked at anew. */
const looksMax = 10;

async function proveLink(store: Store, link: PairLink): Promise<LinkProof> {
  let current = link;
  for (let look = 1; ; look += 1) {
    const proof = await lookAt(store, current);
    if (proof.flaw === null || look === looksMax) return proof;
    const [again] = await store.pairs.getLinks(link.syncId, [link.id]);
    if (again === undefined || again.revision === current.revision) return proof;
    current = again;
  }
}

async function lookAt(store: Store, link: PairLink): Promise<LinkProof> {
  const { doc } = openPair(link);
  let held = nothingHeld;
  let newest: PairVersion | null = null;
  let versions = 0;
  for await (const page of historyOf(store, link.id)) {
    const flaw = verifyChain(page, newest);
    versions += page.length;
    if (flaw !== null) return { versions, flaw };
    held = page.reduce(withVersion, held);
    newest = page.at(-1) ?? newest;
  }
  const message = endFlaw(doc, newest ?? chainStart) ?? memoryFlaw(doc, held);
  return { versions, flaw: message === null ? null : { linkId: link.id, seq: doc.head.seq, message } };
}

function endFlaw({ head }: LinkDoc, newest: ChainHead): string | null {
  if (newest.seq !== head.seq) {
    return `version ${head.seq} was written last, version ${newest.seq} is the last one here`;
  }
  return newest.hash === head.hash ? null : "the last version is another one than was written";
}

/** Values that the last reading could not see are in history only, and nothing to compare. */
function memoryFlaw({ seen }: LinkDoc, held: HeldPair): string | null {
  for (const side of sides) {
    const [remembered, told] = [seen[side], held[side]];
    if (remembered === null) {
      if (told !== null) return `the ${side} side has a history, and nothing of it is remembered`;
      continue;
    }
    if (remembered.presence !== told?.presence) {
      return `the ${side} side is remembered as ${remembered.presence}, its history ends with ${told?.presence}`;
    }
    for (const [name, value] of Object.entries(remembered.values)) {
      if (equalJson(value, told.values[name])) continue;
      return `the ${side} side is remembered with another "${name}" than its history ends with`;
    }
  }
  return null;
}

async function* grouped<T>(items: AsyncIterable<T>, size: number): AsyncIterable<readonly T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
