import type { SourceRecord } from "../../core/record.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import { giveUp, settleCreate, settleNamed } from "./creates.ts";
import { type Intent, markerFor, type Pair, recordId, withRecordId } from "./link.ts";
import { observe, seenFrom } from "./observe.ts";
import type { PairChange, Session } from "./session.ts";

/**
 * What became of a create that nobody saw the answer of. It is looked up by its marker, and only when it can no longer
 * take effect and would be visible by then; finding nothing counts only with proof of access around the search.
 */
export type CreateFate =
  /** It exists: it is the pair's record now. */
  | { readonly kind: "landed"; readonly change: PairChange }
  /** It never took effect: the intent is dropped, a new one may be made. */
  | { readonly kind: "lost"; readonly change: PairChange }
  /** Nothing can be said before `at` (engine ms). */
  | { readonly kind: "unsettled"; readonly at: number };

const retryMs = 15_000;

export function openCreate(pair: Pair): Intent | undefined {
  return pair.doc.intents.find(({ kind, side }) => kind === "create" && recordId(pair.link, side) === null);
}

export async function fateOf(session: Session, pair: Pair, intent: Intent): Promise<CreateFate> {
  const { clock } = session.deps;
  const { side } = intent;
  const { connector } = session.pair.sides[side];
  const settledAt = intent.horizon + session.capabilities[side].visibleAfterMs;
  const now = clock.now();
  if (now <= settledAt) return { kind: "unsettled", at: settledAt + 1 };
  const marker = markerFor(pair.link, side) ?? pair.link.id;
  const found = await connector.find(marker, session.signal);
  const ours = found.records.filter(({ isOurs }) => isOurs === true);
  const [first, ...extras] = await unlinked(session, side, ours);
  if (first !== undefined) {
    const seen = seenFrom(session.mapping, side, first, { readAt: now, isStrong: false });
    const settled = settleCreate(pair, { side, ...seen }, session.mapping.rules);
    const change = land(session, settled, { side, record: first, readAt: now });
    const ids = extras.map(({ id }) => id);
    const doc = { ...change.pair.doc, extras: { ...change.pair.doc.extras, [side]: ids } };
    return {
      kind: "landed",
      change: ids.length === 0 ? change : { ...change, pair: { ...change.pair, doc } },
    };
  }
  if (found.accessProof === null) return { kind: "unsettled", at: clock.now() + retryMs };
  return { kind: "lost", change: { pair: giveUp(pair, intent), versions: [], conflicts: [] } };
}

/** The record that a doubtful answer named. */
export async function landNamed(
  session: Session,
  pair: Pair,
  intent: Intent,
  id: string,
): Promise<PairChange | null> {
  const readAt = session.deps.clock.now();
  const observation = await session.pair.sides[intent.side].connector.get(id, session.signal);
  if (!("record" in observation)) return null;
  const { record } = observation;
  const isIt =
    record.isOurs === true && record.marker === (markerFor(pair.link, intent.side) ?? pair.link.id);
  if (!isIt) return null;
  const settled = settleNamed(pair, intent.side, session.mapping.rules);
  return land(session, settled, { side: intent.side, record, readAt });
}

function land(
  session: Session,
  pair: Pair,
  found: { readonly side: Side; readonly record: SourceRecord; readonly readAt: number },
): PairChange {
  const { side, record, readAt } = found;
  const linked = withRecordId(pair, side, record.id);
  // A search may show an older state than there is: the record is read by id before anything is decided on it.
  const seen = { ...seenFrom(session.mapping, side, record, { readAt, isStrong: false }), mustRead: true };
  const at = new Date(session.deps.clock.now()).toISOString();
  const { runId } = session;
  const observed = observe(linked, side, seen, {
    detectedBy: "read",
    runId,
    origin: "engine",
    reason: "create, found by its marker",
    at,
  });
  return { ...observed, conflicts: [] };
}

/** Records that belong to no other pair. */
async function unlinked(
  session: Session,
  side: Side,
  records: readonly SourceRecord[],
): Promise<readonly SourceRecord[]> {
  if (records.length === 0) return [];
  const links = await session.deps.store.pairs.findLinks(
    session.pair.id,
    side,
    records.map(({ id }) => id),
  );
  const taken = new Set(links.map((link) => recordId(link, side)));
  return records.filter(({ id }) => !taken.has(id));
}
