import type { Side } from "../../core/two-way/mapping.ts";
import type { PairPlan, SideWrite } from "../../core/two-way/pair.ts";
import type { PairConflict } from "../../store/pair-store.ts";
import { arm, mayGoBlind, resolve, supersededVersions } from "./act.ts";
import { dueBy, withIntents } from "./link.ts";
import { landNamed } from "./lookup.ts";
import type { Ending } from "./rest.ts";
import { demandGoing, type PairChange, type Session, save } from "./session.ts";
import { tell, withPlan } from "./thought.ts";

/** What one step of a pair came to: its end in this pass, or a change to go on from. null: somebody else changed it. */
export type Step = { readonly ending: Ending } | { readonly change: PairChange | null };

/** One write of a plan. */
export interface Planned {
  readonly plan: PairPlan;
  readonly stored: readonly PairConflict[];
  readonly side: Side;
  readonly write: SideWrite;
}

/** Writes down the write, sends it, and takes up its answer. */
export async function send(
  session: Session,
  change: PairChange,
  { plan, stored, side, write }: Planned,
): Promise<Step> {
  const { deps } = session;
  const based = withPlan(session, change, plan, stored);
  const versions = [...based.versions, ...supersededVersions(session, based.pair, plan)];
  const isBlind =
    session.capabilities[side].hasPreconditions || mayGoBlind(session, change.pair, { side, write });
  const readAt = isBlind ? null : (change.pair.doc.seen[side]?.readAt ?? 0);
  const armed = arm(session, { ...based, versions }, { side, write, readAt });
  const saved = await save(session, armed.change);
  if (saved === null) return { change: null };
  await tell(session, saved.pair, plan);
  demandGoing(session);
  const outcome = await session.pair.sides[side].connector
    .apply(armed.write, {
      sendBy: armed.sendBy,
      signal: session.sendSignal,
    })
    .catch(async (error: unknown) => {
      // Thrown only when nothing was written: the intent is void.
      const intents = saved.pair.doc.intents.filter(({ id }) => id !== armed.intent.id);
      await save(session, { ...saved, pair: withIntents(saved.pair, intents) });
      throw error;
    });
  session.tally.wrote(armed.intent.kind, outcome.kind);
  const resolved = resolve(session, saved.pair, armed.intent, outcome);
  if (outcome.kind === "doubt" && outcome.committedId !== null && write.kind === "create") {
    const named = await landNamed(session, resolved.change.pair, armed.intent, outcome.committedId);
    if (named !== null) return { change: await save(session, named) };
  }
  const now = deps.clock.now();
  if (resolved.next === "later") {
    await save(session, resolved.change);
    return { ending: { kind: "waiting" } };
  }
  const due = dueBy(resolved.change.pair, now, 1);
  return { change: await save(session, { ...resolved.change, pair: due }) };
}
