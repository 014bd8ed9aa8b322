import type { FollowDoc } from "../../../src/app/planning-ledger.ts";
import type { PlanningConfig } from "../../../src/config/planning.ts";
import type { IssueTable, PullMoment } from "../github/issues.ts";
import type { Happening } from "../ledger.ts";
import type { Watch } from "../watch.ts";
import type { World } from "../world.ts";
import { REVIEW, SHIPPED } from "./setup.ts";

/** Checks and reviews are read before a pass and at its end; a merge rests on what was read this long ago at most. */
const MERGE_BLIND_MS = 60_000;
/** Listings of rows may lag behind, and stamps are whole minutes. */
const LISTED_MS = 65_000;

/** A status that somebody gave to a row, and how long it stood. */
interface Standing {
  readonly status: string | null;
  readonly from: number;
  readonly until: number;
  readonly by: Happening["by"];
}

/** What the pull-request step may do, looked at whenever a pull request changes by the sync's hand. */
export class PullRules {
  readonly #world: World;
  readonly #watch: Watch;
  readonly #table: IssueTable;
  readonly #config: PlanningConfig;
  readonly #docs: ReadonlyMap<string, FollowDoc>;
  /** When the process that sent at that time had begun its pass. */
  readonly #passBeganAt = new Map<number, number>();
  /** Since when a person has accepted the sync; null: nobody has. */
  acceptedAt: number | null = null;

  constructor(parts: {
    readonly world: World;
    readonly watch: Watch;
    readonly table: IssueTable;
    readonly config: PlanningConfig;
    /** What following remembers, by the id of its link. */
    readonly docs: ReadonlyMap<string, FollowDoc>;
  }) {
    this.#world = parts.world;
    this.#watch = parts.watch;
    this.#table = parts.table;
    this.#config = parts.config;
    this.#docs = parts.docs;
    this.#table.watchPulls((id, now, before) => this.#onPull(id, now, before));
  }

  /** Q10: an issue stays open until its pull request is merged. One that comes back with its row was closed before that. */
  onClosed({ id, at, sentAt, presence }: Happening): void {
    if (presence.from === "trashed") return;
    const link = this.#watch.durable.links.values().find(({ rightId }) => rightId === id);
    const doc = link === undefined ? undefined : this.#docs.get(link.id);
    if (doc?.pull == null || !["Open", "Draft"].includes(doc.facts.pullState ?? "")) return;
    const moments = this.#table.pulls.get(`${id.split("/")[0]}/${doc.pull.number}`) ?? [];
    const first = moments.findLastIndex((moment) => moment.at <= (sentAt ?? at) - MERGE_BLIND_MS);
    const seen = moments.slice(Math.max(0, first));
    if (first !== -1 && seen.every(({ state }) => state === "open"))
      this.#fail("Q10", `${id} was closed as completed, and pull request ${doc.pull.number} is open`, id);
  }

  onSend(passBeganAt: number): void {
    this.#passBeganAt.set(this.#world.now, passBeganAt);
  }

  #onPull(id: string, now: PullMoment, before: PullMoment | null): void {
    if (now.by !== "engine") return;
    if (before === null) this.#checkOpened(id, now);
    else if (before.isDraft && !now.isDraft) this.#checkReady(id, now);
    if (now.state === "merged" && before?.state !== "merged") this.#checkMerge(id, now);
  }

  /** Q6: a pull request is opened, as a draft, because a person said on the row that there is something to review. */
  #checkOpened(id: string, now: PullMoment): void {
    if (!now.isDraft) this.#fail("Q6", "a pull request was opened that is no draft", id);
    const page = this.#pageFor(id, now.number, "open-draft");
    if (page !== null && !this.#wasAsked(page, now, [REVIEW]))
      this.#fail("Q6", `a draft was opened, and nobody has asked for it on ${page}`, page);
  }

  #checkReady(id: string, now: PullMoment): void {
    const page = this.#pageFor(id, now.number, "mark-ready");
    if (page === null) return;
    const isAsked = this.#wasAsked(page, now, [REVIEW]);
    if (!isAsked) this.#fail("Q6", `a draft was marked ready, and nobody has asked for it on ${page}`, page);
    const opened = this.#table.pulls.get(id)?.[0];
    if (opened?.by !== "engine") return;
    const words = this.#standings(page).filter(({ status, by }) => by === "person" && status === REVIEW);
    if (words.length < 2) this.#fail("Q6", "the word that opened a draft has marked it ready, too", page);
  }

  /** Q4, Q5: what a merge takes. */
  #checkMerge(id: string, now: PullMoment): void {
    const page = this.#pageFor(id, now.number, "merge");
    if (page === null) return;
    const asked = this.#askedFor(page, now, [SHIPPED]);
    if (asked.length === 0) {
      this.#fail(
        "Q5",
        `${id} was merged, and no person has asked for it on ${page} since the sync was accepted`,
        page,
      );
      return;
    }
    const moments = this.#table.pulls.get(id) ?? [];
    const headAt = (at: number) => moments.findLast((moment) => moment.at <= at)?.head;
    // A listing that lags behind shows the status as late as that, and until then nothing tells that it was set before.
    const lagMs = this.#world.options.indexLagMs;
    const wasHead = ({ from }: Standing) =>
      headAt(from) === now.head ||
      moments.some(({ at, head }) => head === now.head && at > from && at <= from + lagMs);
    if (!asked.some(wasHead))
      this.#fail(
        "Q4",
        `${now.head} was merged, and the head was ${asked.map(({ from }) => headAt(from))} when it was asked for`,
        page,
      );
    const since = (now.sentAt ?? now.at) - MERGE_BLIND_MS;
    const first = moments.findLastIndex(({ at }) => at <= since);
    const looked = moments.slice(Math.max(0, first), -1).filter(({ at }) => at <= (now.sentAt ?? now.at));
    const missing = looked.map((moment) => this.#missingIn(moment));
    if (!missing.includes(null)) this.#fail("Q4", `${id} was merged with ${missing.at(-1)}`, page);
  }

  /** What a merge at this moment would have lacked; null: nothing. */
  #missingIn({
    checks,
    required,
    requiredReviews,
    verdicts,
    isDraft,
    isDirty,
    state,
  }: PullMoment): string | null {
    if (state !== "open" || isDraft) return "a pull request that is not open";
    if (isDirty) return "a conflict";
    const failing = Object.entries(checks).find(([, check]) => check !== "passing");
    if (failing !== undefined) return `${failing[0]} ${failing[1]}`;
    const absent = required.find((name) => checks[name] === undefined);
    if (absent !== undefined) return `nothing heard of ${absent}`;
    const words = Object.values(verdicts);
    if (words.includes("CHANGES_REQUESTED")) return "changes requested";
    const wanted = Math.max(requiredReviews, this.#config.pulls?.isReviewNeeded === true ? 1 : 0);
    return words.filter((word) => word === "APPROVED").length < wanted ? "a review missing" : null;
  }

  /** The row that a pull request's act was written down for; Q8: it was. */
  #pageFor(id: string, number: number, act: string): string | null {
    const [repositoryId] = id.split("/");
    const found = [...this.#docs].filter(([linkId, doc]) => {
      const link = this.#watch.durable.links.get(linkId);
      return doc.intent?.act === act && link?.rightId?.split("/")[0] === repositoryId;
    });
    const [own] =
      act === "open-draft"
        ? found.filter(([, doc]) => this.#isBranchOf(id, doc))
        : found.filter(([, doc]) => doc.pull?.number === number);
    if (own === undefined) {
      this.#fail("Q8", `${act} of ${id} was not written down before`, null);
      return null;
    }
    return this.#watch.durable.links.get(own[0])?.leftId ?? null;
  }

  #isBranchOf(id: string, { branch }: FollowDoc): boolean {
    return this.#table.pulls.get(id)?.at(-1)?.branch === branch;
  }

  #wasAsked(page: string, now: PullMoment, words: readonly string[]): boolean {
    return this.#askedFor(page, now, words).length > 0;
  }

  /** Times at which a person gave the row one of these statuses, since the sync was accepted, that the pass can have seen. */
  #askedFor(page: string, now: PullMoment, words: readonly string[]): readonly Standing[] {
    const sentAt = now.sentAt ?? now.at;
    const began = this.#passBeganAt.get(sentAt) ?? sentAt;
    const lookedFrom = began - this.#world.options.indexLagMs - LISTED_MS;
    const { acceptedAt } = this;
    return this.#standings(page).filter(
      ({ status, from, until, by }) =>
        by === "person" &&
        words.includes(status ?? "") &&
        acceptedAt !== null &&
        from > acceptedAt &&
        from <= sentAt &&
        until >= lookedFrom,
    );
  }

  #standings(page: string): readonly Standing[] {
    const set = this.#world.ledger.of("left", page).filter(({ fields }) => fields.Status !== undefined);
    return set.map(({ at, by, fields }, index) => {
      const status = fields.Status?.to;
      return {
        status: typeof status === "string" ? status : null,
        from: at,
        until: set[index + 1]?.at ?? Number.POSITIVE_INFINITY,
        by,
      };
    });
  }

  #fail(rule: string, message: string, id: string | null): void {
    this.#world.fail(rule, message, id);
  }
}

export function stateWord({ state, isDraft }: PullMoment): string {
  if (state === "open") return isDraft ? "Draft" : "Open";
  return state === "merged" ? "Merged" : "Closed";
}
