import type { Connector } from "../connector/connector.ts";
import { LockstepError } from "../core/errors.ts";
import { deletesAllowed, type GuardLimits } from "../core/guard.ts";
import type { Link } from "../store/store.ts";
import type { Ledger } from "./ledger.ts";
import { type Observed, observedFrom, planSteps, type ReconcileContext, type Step } from "./reconcile.ts";
import type { SweepCounts } from "./tally.ts";

const suspectsPerPage = 100;
/** Newly unreadable rows in one run before we call it lost permission and stop asking. */
const unreadableProbesMax = 200;
/** Rows known to be missing that one run asks for again: one that is back is listed anyway, at no extra call. */
const missingProbesMax = 50;

export interface CertifyRequest {
  readonly left: Connector;
  readonly ledger: Ledger;
  readonly context: ReconcileContext;
  readonly limits: GuardLimits;
  /** Live records before this run deletes anything. */
  readonly live: number;
  readonly signal: AbortSignal | undefined;
  readonly onSuspect: () => void;
}

export interface Certified {
  /** Steps that may be carried out; deletions among them only when the guard lets all of them pass. */
  readonly steps: readonly Step[];
  readonly counts: SweepCounts;
  /** Why the guard stopped the deletions, null when it did not. */
  readonly refusal: string | null;
}

/**
 * Turns absence into knowledge. A record that a complete sweep did not list is only a suspect: each is read by
 * itself, and only a certificate (seen in the trash) makes a deletion. A 404 marks it missing. All deletions pass
 * the guard together, before the first is carried out.
 */
export async function certifyAbsent(request: CertifyRequest): Promise<Certified> {
  const limit = deletesAllowed(request.live, request.limits);
  const deletions: Step[] = [];
  const others: Step[] = [];
  let absent = 0;
  let unreadable = 0;
  let missingProbes = 0;
  for await (const suspect of suspectsOf(request.ledger)) {
    absent += 1;
    if (suspect.state === "missing" && ++missingProbes > missingProbesMax) continue;
    request.onSuspect();
    const observed = await look(request, suspect);
    if (observed.left === "unknown") {
      // The first one decides whether the whole collection is out of reach: then this throws, and nothing is marked.
      if (unreadable === 0) await request.left.proveAccess(request.signal);
      unreadable += 1;
    }
    const [step] = await planSteps(request.context, [observed]);
    if (step === undefined) continue;
    (step.kind === "delete" ? deletions : others).push(step);
    if (deletions.length > limit || unreadable >= unreadableProbesMax) break;
  }
  const refusal = refusalOf(deletions.length, limit, request);
  return {
    steps: refusal === null ? [...others, ...deletions] : others,
    counts: {
      absent,
      certifiedDeletions: deletions.length,
      refusedDeletions: refusal === null ? 0 : deletions.length,
      stillMissing: others.filter((step) => step.kind === "missing").length,
      falseAlarms: others.filter((step) => step.kind === "unchanged" || step.kind === "update").length,
    },
    refusal,
  };
}

function refusalOf(deletions: number, limit: number, { live, limits }: CertifyRequest): string | null {
  const isEmptied = live > 2 && deletions >= live && deletions > (limits.allowed ?? 0);
  if (deletions <= limit && !isEmptied) return null;
  const count = deletions > limit ? `at least ${deletions}` : `all ${deletions}`;
  return (
    `${count} of ${live} live rows are in the trash; a run deletes at most ${isEmptied ? "part of a database" : limit} ` +
    `without being told. Nothing was deleted. If this is right, run again with --allow-deletes ${Math.max(live, deletions)}.`
  );
}

async function look({ left, signal }: CertifyRequest, suspect: Link): Promise<Observed> {
  if (signal?.aborted)
    throw new LockstepError("CANCELLED", "the run was cancelled while it certified deletions");
  return observedFrom(suspect.sourceId, await left.get(suspect.sourceId, signal));
}

async function* suspectsOf(ledger: Ledger): AsyncGenerator<Link> {
  let after: string | null = null;
  for (;;) {
    const page: readonly Link[] = await ledger.unseen(after, suspectsPerPage);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < suspectsPerPage) return;
    after = last.sourceId;
  }
}
