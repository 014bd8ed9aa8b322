import type { SourceRecord } from "../../core/record.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import { equalJson, type Pair } from "./link.ts";
import { seenFrom } from "./observe.ts";
import { commitChanges, type PairChange, type Session } from "./session.ts";

const sendWithinMs = 2_000;

/**
 * A create that took effect after everybody had given it up leaves a second record with the pair's marker. One that
 * nobody touched goes to the trash; one that somebody edited is theirs, and a person has to look at it.
 * Returns null when there is nothing to tend, and "stale" when the pair was changed by somebody else.
 */
export async function tendExtras(session: Session, pair: Pair): Promise<PairChange | "stale" | null> {
  for (const side of ["left", "right"] as const) {
    const [id, ...rest] = pair.doc.extras[side] ?? [];
    if (id !== undefined) return tend(session, pair, { side, id, rest });
  }
  return null;
}

interface Extra {
  readonly side: Side;
  readonly id: string;
  readonly rest: readonly string[];
}

async function tend(session: Session, pair: Pair, extra: Extra): Promise<PairChange | "stale"> {
  const { side, id } = extra;
  const { connector } = session.pair.sides[side];
  const observation = await connector.get(id, session.signal);
  if (!("record" in observation) || observation.presence !== "live")
    return without(pair, extra, pair.link.problem);
  if (!isUntouched(session, pair, side, observation.record)) {
    return without(
      pair,
      extra,
      `DUPLICATE_RECORD: ${id} is a second record of this one, and somebody has edited it`,
    );
  }
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
    ? without(current, extra, current.link.problem)
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

function without(pair: Pair, { side, rest }: Extra, problem: string | null): PairChange {
  const doc = { ...pair.doc, extras: { ...pair.doc.extras, [side]: rest } };
  return { pair: { link: { ...pair.link, problem }, doc }, versions: [], conflicts: [] };
}
