import type { SourceRecord } from "../../core/record.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import { type Duplicate, equalJson, type Pair } from "./link.ts";
import { seenFrom } from "./observe.ts";
import { commitChanges, type PairChange, type Session } from "./session.ts";

const sendWithinMs = 2_000;
/** A duplicate is read once in a pass over its pair. */
const duplicateFreshMs = 60_000;
/** How long a duplicate may have been settled before its pair stops being a problem. */
export const duplicateRecheckMs = 24 * 3_600_000;

/**
 * A create that took effect after everybody had given it up leaves a second record with the pair's marker. One that
 * nobody touched goes to the trash; one that somebody edited is theirs, and stays a problem of the pair until a person has
 * taken it away. Returns null when there is nothing to tend, and "stale" when the pair was changed by somebody else.
 */
export async function tendExtras(session: Session, pair: Pair): Promise<PairChange | "stale" | null> {
  for (const side of ["left", "right"] as const) {
    const [id] = pair.doc.extras[side] ?? [];
    if (id !== undefined) return tend(session, pair, { side, id });
  }
  const now = session.deps.clock.now();
  const unread = pair.doc.duplicates?.find(({ readAt }) => now - readAt >= duplicateFreshMs);
  return unread === undefined ? null : tend(session, pair, unread);
}

/** What a person has to know of the pair's duplicates; null: there are none. */
export function duplicateProblem({ duplicates = [] }: Pair["doc"]): string | null {
  const [first, ...more] = duplicates.map(({ id }) => id);
  if (first === undefined) return null;
  const others = more.length === 0 ? "" : ` (and ${more.join(", ")})`;
  return `DUPLICATE_RECORD: ${first}${others} is a second record of this one, and somebody has edited it`;
}

type Extra = Pick<Duplicate, "side" | "id">;

async function tend(session: Session, pair: Pair, extra: Extra): Promise<PairChange | "stale"> {
  const { side, id } = extra;
  const { connector } = session.pair.sides[side];
  const observation = await connector.get(id, session.signal);
  if (!("record" in observation) || observation.presence !== "live") return without(pair, extra);
  const isTheirs = pair.doc.duplicates?.some((other) => other.side === side && other.id === id) === true;
  if (isTheirs || !isUntouched(session, pair, side, observation.record))
    return without(pair, extra, { side, id, readAt: session.deps.clock.now() });
  // In history before it is sent, like every write.
  const noted = await commitChanges(session, [
    { pair, versions: [noteOf(session, pair, extra)], conflicts: [] },
  ]);
  const current = noted?.[0];
  if (current === undefined) return "stale";
  const expected = { revision: observation.record.revision };
  const sendBy = session.deps.clock.monotonic() + sendWithinMs;
  const outcome = await connector.apply(
    { kind: "trash", id, expected },
    { sendBy, signal: session.sendSignal },
  );
  // Whatever else came of it shows at the next look: the extra stays on the list.
  return outcome.kind === "applied"
    ? without(current, extra)
    : { pair: current, versions: [], conflicts: [] };
}

function isUntouched(session: Session, pair: Pair, side: Side, record: SourceRecord): boolean {
  const now = session.deps.clock.now();
  const { values } = seenFrom(session.mapping, side, record, { readAt: now, isStrong: true });
  const linked = pair.doc.seen[side];
  return Object.entries(values).every(
    ([name, value]) =>
      equalJson(value, pair.doc.base[name]?.[side]) || equalJson(value, linked?.values[name]),
  );
}

function noteOf(session: Session, pair: Pair, { side, id }: Extra): PairChange["versions"][number] {
  return {
    linkId: pair.link.id,
    side,
    origin: "engine",
    actor: null,
    detectedBy: "write",
    fields: {},
    prior: {},
    reason: `a second record of this one, ${id}, goes to the trash`,
    recordRevision: "",
    runId: session.runId,
    at: new Date(session.deps.clock.now()).toISOString(),
  };
}

/** The pair without that extra, or with it among its duplicates. */
function without(pair: Pair, { side, id }: Extra, duplicate?: Duplicate): PairChange {
  const isOther = (other: Extra) => other.side !== side || other.id !== id;
  const extras = {
    ...pair.doc.extras,
    [side]: (pair.doc.extras[side] ?? []).filter((extra) => extra !== id),
  };
  const duplicates = [
    ...(pair.doc.duplicates ?? []).filter(isOther),
    ...(duplicate === undefined ? [] : [duplicate]),
  ];
  const doc = { ...pair.doc, extras, duplicates };
  return {
    pair: { link: { ...pair.link, problem: duplicateProblem(doc) }, doc },
    versions: [],
    conflicts: [],
  };
}
