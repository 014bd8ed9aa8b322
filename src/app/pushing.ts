import type { LibraryConfig, LibraryPairConfig } from "../config/config.ts";
import { type ErrorCode, errorCodes, LockstepError } from "../core/errors.ts";
import type { EngineDeps } from "../engine/sync.ts";
import { readState } from "../engine/two-way/state.ts";
import { collectionNames } from "../recipes/library/collections.ts";
import { libraryPairs } from "../recipes/library/config.ts";
import type { ShelfName } from "../recipes/library/draft.ts";
import type { PairLink } from "../store/pair-store.ts";
import { pauseWhileBusy } from "./busy.ts";
import type { RunReport } from "./lockstep.ts";
import type { PairSource } from "./pairs.ts";

export interface PushParts {
  readonly deps: EngineDeps;
  readonly known: (pair: LibraryPairConfig) => Promise<PairSource | null>;
  /** Sends what changed in Lockstep's collections; Notion is not asked for changes. Throws RUN_IN_PROGRESS. */
  readonly push: (source: PairSource, signal: AbortSignal | undefined) => Promise<RunReport>;
}

/** Passes that one step makes at most for its own records. */
const passesMax = 5;
/** Waits of no more than this are waited here; longer ones are left to whoever calls again. */
const patienceMs = 3_000;

type Look =
  | { readonly kind: "settled" }
  /** Not sent yet, or due now. */
  | { readonly kind: "open" }
  | { readonly kind: "later"; readonly dueAt: number }
  | { readonly kind: "refused"; readonly problem: string };

/**
 * Brings records of a library to Notion, until both sides agree on them. Whoever holds the sync sends what others have
 * written, too: then there is nothing left to send here.
 */
export class Pushing {
  private readonly config: LibraryConfig;
  private readonly parts: PushParts;

  constructor(config: LibraryConfig, parts: PushParts) {
    this.config = config;
    this.parts = parts;
  }

  /**
   * Does nothing for records that are in agreement. Throws BOOK_UNSETTLED when it takes longer, BOOK_REFUSED when it takes a
   * person, and why a run failed.
   */
  async settle(shelf: ShelfName, ids: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const source = await this.sourceOf(shelf);
    if (source === null || ids.length === 0) return;
    const { clock } = this.parts.deps;
    let busy = 0;
    let problem = "passes were made, and it was not reached";
    for (let passes = 0; passes < passesMax; ) {
      signal?.throwIfAborted();
      const look = await this.look(source, shelf, ids);
      if (look.kind === "settled") return;
      if (look.kind === "refused")
        throw new LockstepError("BOOK_REFUSED", `${name(shelf, ids)}: ${look.problem}`);
      const waitMs = look.kind === "later" ? look.dueAt - clock.now() : 0;
      if (waitMs > patienceMs) throw unsettled(`${name(shelf, ids)} has to wait`, waitMs);
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      try {
        problem = failureOf(await this.parts.push(source, signal)) ?? problem;
        passes += 1;
      } catch (error) {
        if (!isBusy(error)) throw error;
        await pauseWhileBusy(this.parts.deps, { tries: busy++, error, signal });
      }
    }
    throw unsettled(`${name(shelf, ids)}: ${problem}`, patienceMs);
  }

  /** Whether anything of the library is due by now. */
  async hasDue(): Promise<boolean> {
    const { store, clock } = this.parts.deps;
    for (const shelf of ["series", "books"] as const) {
      const source = await this.sourceOf(shelf);
      const dueAt = source === null ? null : await store.pairs.nextDue(source.syncId);
      if (dueAt !== null && dueAt <= clock.now()) return true;
    }
    return false;
  }

  private async sourceOf(shelf: ShelfName): Promise<PairSource | null> {
    const pair = libraryPairs(this.config).find((each) => each.shelf === shelf);
    return pair === undefined ? null : this.parts.known(pair);
  }

  private async look({ syncId }: PairSource, shelf: ShelfName, ids: readonly string[]): Promise<Look> {
    const { store, clock } = this.parts.deps;
    const [records, links, state] = await Promise.all([
      store.collections.getRecords(collectionNames(this.config.name)[shelf], ids),
      store.pairs.findLinks(syncId, "right", ids),
      store.pairs.getState(syncId),
    ]);
    const read = readState(state).sides.right.checkpoint?.revision;
    const reached = typeof read === "number" ? read : 0;
    if (records.some(({ revision }) => revision > reached)) return { kind: "open" };
    return worst(links.map((link) => lookAt(link, clock.now())));
  }
}

/** A record without a link needs none: the pass that read it has seen to that. */
function lookAt({ dueAt, problem }: PairLink, now: number): Look {
  if (dueAt === null) return { kind: "settled" };
  if (dueAt <= now) return { kind: "open" };
  return problem === null ? { kind: "later", dueAt } : { kind: "refused", problem };
}

function worst(looks: readonly Look[]): Look {
  const open = looks.find(({ kind }) => kind === "open");
  const refused = looks.find(({ kind }) => kind === "refused");
  const later = looks.filter((look) => look.kind === "later").sort((a, b) => b.dueAt - a.dueAt);
  return open ?? later[0] ?? refused ?? { kind: "settled" };
}

/** Why a run did not go through; null: it did. Throws what another try would meet again. */
export function failureOf({ sync, run }: RunReport): string | null {
  if (run.status === "succeeded") return null;
  const [error] = run.errors;
  const message = `the run of "${sync}" ${run.status}: ${error?.message ?? "no reason is known"}`;
  throw new LockstepError(codeIn(error?.code), message);
}

function codeIn(text: string | undefined): ErrorCode {
  return errorCodes.find((code) => code === text) ?? "UNEXPECTED";
}

export function isBusy(error: unknown): boolean {
  return error instanceof LockstepError && error.code === "RUN_IN_PROGRESS";
}

function unsettled(about: string, waitMs: number): LockstepError {
  const afterMs = Math.ceil(waitMs);
  return new LockstepError("BOOK_UNSETTLED", `${about}; it comes again in ${Math.ceil(afterMs / 1_000)} s.`, {
    retry: { afterMs },
  });
}

function name(shelf: ShelfName, ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(", ");
  return `${shelf === "series" ? "series" : "book"} ${shown}${ids.length > 3 ? " …" : ""}`;
}
