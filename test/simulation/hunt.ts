import { mutantNamed } from "./mutants.ts";
import { runPool, type SeedsOrder, type SeedsReport } from "./pool.ts";
import { profileNamed } from "./profiles.ts";
import { stores } from "./run-seeds.ts";
import { caseOf, simulate } from "./simulate.ts";

/** How a planted bug was found. */
export interface Catch {
  readonly mutant: string;
  readonly profile: string;
  /** Seeds run until it was found; null: it survived them all. */
  readonly seeds: number | null;
  readonly caughtBy: string | null;
  /** The seed that found it. */
  readonly seed: number | null;
  readonly message: string | null;
  /** Seeds that fail without the mutant, too: they prove nothing about it, and ought not to be there. */
  readonly failingControls: readonly number[];
}

/** Runs a mutant under its own weather until a seed fails that holds without it. */
export async function hunt(
  name: string,
  order: Pick<SeedsOrder, "from" | "store"> & { readonly seedsMax: number; readonly threads: number },
): Promise<Catch> {
  const { profile } = mutantNamed(name);
  const failingControls: number[] = [];
  const to = order.from + order.seedsMax;
  for (let from = order.from; from < to; ) {
    const failed = await firstFailure({ ...order, from, to, profile, mutant: name });
    if (failed === null) break;
    const what = caseOf(failed.seed, profileNamed(profile));
    const control = await simulate(what, { isTraced: false, openStore: stores[order.store] });
    from = failed.seed + 1;
    if (control.violations.length > 0) {
      failingControls.push(failed.seed);
      continue;
    }
    const { invariant, message } = failed.violations[0] ?? { invariant: null, message: null };
    const seeds = from - order.from;
    return { mutant: name, profile, seeds, seed: failed.seed, caughtBy: invariant, message, failingControls };
  }
  return { mutant: name, profile, seeds: null, seed: null, caughtBy: null, message: null, failingControls };
}

/** The lowest failing seed of those that were run when the first failed. */
async function firstFailure(
  order: Omit<SeedsOrder, "step"> & { readonly threads: number },
): Promise<SeedsReport | null> {
  let first: SeedsReport | null = null;
  await runPool(order, (report) => {
    if (report.violations.length > 0 && (first === null || report.seed < first.seed)) first = report;
    return first !== null;
  });
  return first;
}
