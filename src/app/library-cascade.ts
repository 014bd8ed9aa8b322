import type { LibraryConfig, PairConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import type { EngineDeps } from "../engine/sync.ts";
import { arrivalsIn, settleArrivals } from "../recipes/library/arrivals.ts";
import type { CascadeChange } from "../recipes/library/cascade.ts";
import { collectionNames } from "../recipes/library/collections.ts";
import { type Day, dayAt } from "../recipes/library/day.ts";
import type { Draft } from "../recipes/library/draft.ts";
import { type Judgement, judgeShelf } from "../recipes/library/judge.ts";
import type { Run } from "../store/store.ts";
import type { Herald } from "./herald.ts";
import { LibraryChange, type Thought } from "./library-change.ts";
import { type KnownPair, seriesPages } from "./library-shelf.ts";
import { isLibraryPair } from "./right-side.ts";

/** What follows from the library's statuses today. */
export function judgeNow(
  draft: Draft,
  { clock }: { readonly clock: Clock },
  config: Pick<LibraryConfig, "cascadeMax" | "timeZone">,
): Judgement {
  return judgeShelf(draft, { today: today(clock, config), cascadeMax: config.cascadeMax });
}

function today(clock: Clock, { timeZone }: Pick<LibraryConfig, "timeZone">): Day {
  return dayAt(clock.now(), timeZone);
}

interface CascadeParts {
  readonly deps: EngineDeps;
  readonly herald: Herald;
  readonly known: KnownPair;
}

/** Carries through what follows from what people did in Notion. */
export class LibraryCascade {
  private readonly config: LibraryConfig;
  private readonly parts: CascadeParts;
  /** Told once, and again when it is another. */
  private toldRefusal: string | null = null;
  /** The collections as they were looked at last. */
  private judgedAt = "";
  /** A series has no page: when it gets one, the collections do not change. */
  private isWaiting = false;

  constructor(config: LibraryConfig, parts: CascadeParts) {
    this.config = config;
    this.parts = parts;
  }

  /**
   * Told after each run of one of the library's syncs. Whatever cannot be done now is found again at the next run. null: the
   * collections did not change.
   */
  async passed(config: PairConfig): Promise<Run | null> {
    if (!isLibraryPair(config)) return null;
    const { deps, herald } = this.parts;
    const before = await this.revision();
    if (before === this.judgedAt && !this.isWaiting) return null;
    const about = { by: "cascade", source: config.name, trigger: "rule" };
    try {
      await using change = await LibraryChange.begin(deps, this.config, about);
      const { result, plan } = await this.judge(change);
      const isNews = result.refusal !== null && result.refusal !== this.toldRefusal;
      if (isNews) herald.tell("warn", "library.cascade_refused", { message: result.refusal });
      this.toldRefusal = result.refusal;
      const warnings = result.refusal === null ? [] : [result.refusal];
      const run = await change.finish("succeeded", {
        warnings,
        certificate: { cascade: result.cascade.map(plain) },
      });
      this.judgedAt = await this.revision();
      return plan.writes.length > 0 ? run : null;
    } catch (error) {
      if (!(error instanceof LockstepError) || error.code !== "RUN_IN_PROGRESS") throw error;
      // Whoever is at it judges, too, and what came after that is looked at next time.
      return null;
    }
  }

  /** What follows, and what follows from series and pages that have found together. */
  private async judge(change: LibraryChange): Promise<Thought<Judgement>> {
    const { deps, known } = this.parts;
    const judge = (draft: Draft) => judgeNow(draft, deps, this.config);
    const first = await change.step(judge);
    const arrivals = await arrivalsIn(first.draft, seriesPages(deps.store, this.config, known));
    this.isWaiting = arrivals.pageless.size > 0;
    if (!settleArrivals(first.draft, arrivals)) return first;
    const { plan, result, draft } = await change.step((again) => {
      settleArrivals(again, arrivals);
      return judge(again);
    });
    const writes = [...first.plan.writes, ...plan.writes];
    const cascade = [...first.result.cascade, ...result.cascade];
    return { plan: { ...plan, writes }, result: { ...result, cascade }, draft };
  }

  private async revision(): Promise<string> {
    const { store, clock } = this.parts.deps;
    const names = Object.values(collectionNames(this.config.name));
    const totals = await Promise.all(names.map((name) => store.collections.getCollectionTotals(name)));
    // The days change what is upcoming.
    return [...totals.map(({ revision }) => revision), today(clock, this.config)].join(" ");
  }
}

function plain({ asin, from, to, follows }: CascadeChange) {
  return { id: asin, from, to, follows };
}
