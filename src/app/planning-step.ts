import type { PlanningConfig } from "../config/planning.ts";
import type { WritableConnector } from "../connector/connector.ts";
import { LockstepError } from "../core/errors.ts";
import type { Side } from "../core/two-way/mapping.ts";
import type { Values } from "../core/two-way/pair.ts";
import { openPair, type Pair } from "../engine/two-way/link.ts";
import { readState } from "../engine/two-way/state.ts";
import type { IssueFacts } from "../recipes/planning/facts.ts";
import { unmappedIn } from "../recipes/planning/unmapped.ts";
import { tableMemory } from "../recipes/table/recipe.ts";
import type { PairSource } from "./pairs.ts";
import type { Planning, PlanningParts } from "./planning.ts";
import { CommentCopier, withCommented } from "./planning-comments.ts";
import { type FollowDoc, type Ledger, newFollowDoc } from "./planning-ledger.ts";
import { PlanningNotes } from "./planning-notes.ts";
import { PullFollower } from "./planning-pulls.ts";
import type { PassTroubles } from "./planning-troubles.ts";

export interface StepParts extends PlanningParts {
  readonly config: PlanningConfig;
  readonly ledger: Ledger;
  readonly source: PairSource;
  readonly planning: Planning;
  /** Notion's side as the sync writes it. */
  readonly rows: () => Promise<WritableConnector>;
  readonly markerKeys: readonly [string, ...string[]];
  readonly troubles: PassTroubles;
  readonly signal: AbortSignal | undefined;
}

const hintsMax = 1_000;
/** What a pass may leave out, as people are told of it. */
export const followingPulls = "following pull requests";
export const commenting = "comments";

/** A pair with what following it remembers. */
export interface Followed {
  readonly pair: Pair;
  readonly doc: FollowDoc;
  readonly issueId: string;
  readonly pageId: string;
}

/** What happens beside one pass: before it a look at pull requests, after it what the rows' statuses ask for. */
export class PlanningStep {
  private readonly parts: StepParts;
  private readonly pulls: PullFollower;
  private areRowsRead = false;

  constructor(parts: StepParts) {
    this.parts = parts;
    this.pulls = new PullFollower(parts, { change: (followed, doc) => this.change(followed, doc) });
  }

  /** What earlier runs knew of pull requests. */
  async begin(facts: Map<string, IssueFacts>): Promise<void> {
    for (const { issueId, doc } of await this.followed()) facts.set(issueId, doc.facts);
  }

  /** Reads what has become of pull requests. Writes nothing to either side. */
  async look(polls: readonly Side[]): Promise<void> {
    const { config, deps } = this.parts;
    this.areRowsRead = polls.includes("left");
    const hints = await deps.store.pairs.listInbox(this.parts.source.syncId, hintsMax);
    await this.hear(
      hints.flatMap(({ type, recordId }) => (type.startsWith("comment.") ? (recordId ?? []) : [])),
    );
    if (config.pulls === null) return;
    const told = new Set(
      hints.flatMap((hint) => (hint.side === "right" && hint.recordId === null ? hint.changed : [])),
    );
    if (!polls.includes("right") && told.size === 0) return;
    await this.tolerate("reading pull requests", async () => this.pulls.look(await this.followed(), told));
  }

  /** Rows that somebody has commented on: durable before the pass takes what told of it for dealt with. */
  private async hear(pages: readonly string[]): Promise<void> {
    const { config, ledger } = this.parts;
    if (config.comments !== "github" && config.comments !== "both") return;
    const commentedRows = withCommented(ledger.state.commentedRows, pages);
    if (commentedRows !== ledger.state.commentedRows) await ledger.setState({ commentedRows });
  }

  /** Returns whether something has changed that a further pass has to show. */
  async act(): Promise<boolean> {
    await this.baseline();
    let isChanged = false;
    if (this.parts.config.pulls !== null) {
      const all = await this.followed();
      await this.tolerate("reading checks and reviews", () => this.pulls.prepare(all));
      for (const one of all) {
        if (this.parts.signal?.aborted === true) return isChanged;
        await this.tolerate(followingPulls, async () => {
          if (await this.pulls.follow(one, this.areRowsRead)) isChanged = true;
        });
      }
    }
    await this.tolerate(commenting, () => this.tell());
    this.parts.planning.report(unmappedIn(this.parts.config, (await this.followed()).map(valuesOf)));
    return isChanged;
  }

  /** With fewer rights, or in trouble, less is done, and said so: rows and issues are kept in step all the same. */
  private async tolerate(what: string, work: () => Promise<void>): Promise<void> {
    this.parts.troubles.tries(what);
    try {
      await work();
    } catch (error) {
      const isOver = error instanceof LockstepError && ["CANCELLED", "LEASE_LOST"].includes(error.code);
      if (!(error instanceof LockstepError) || isOver) throw error;
      if (!this.parts.troubles.fails(what, error)) return;
      const problem = `${error.code}: ${error.message}`;
      this.parts.herald.tell("warn", "planning.left_out", {
        sync: this.parts.source.config.name,
        what,
        problem,
      });
    }
  }

  /** Comments, conflicts, and what has lost its counterpart. */
  private async tell(): Promise<void> {
    const { config, deps, source } = this.parts;
    const copier = new CommentCopier(this.parts);
    if (config.comments !== "off") await copier.copy(await this.followed());
    const { propertyIds } = tableMemory(readState(await deps.store.pairs.getState(source.syncId)).binding);
    const notes = new PlanningNotes(this.parts, { copier, propertyIds });
    await notes.tellConflicts();
    await notes.tellParted();
  }

  /** Rows as they stood when a person accepted the sync ask for nothing: their status has to be set anew. */
  private async baseline(): Promise<void> {
    const { ledger, deps, source } = this.parts;
    const { acceptedPrint } = readState(await deps.store.pairs.getState(source.syncId));
    if (ledger.state.acceptedPrint === acceptedPrint) return;
    // Rows without an issue, too: one that is linked later was still edited before.
    for await (const link of deps.store.pairs.iterateLinks(source.syncId)) {
      const doc = ledger.find(link.id) ?? newFollowDoc;
      const pair = openPair(link);
      const status = statusOf(this.parts.config, pair);
      await ledger.put(link.id, { ...doc, status, statusSeq: pair.doc.head.seq, isArmed: false });
    }
    await ledger.setState({ acceptedPrint, acceptedAt: new Date(deps.clock.now()).toISOString() });
  }

  /** Durable first; then the pair is to be looked at again where its row shows something else now. */
  private async change(
    { pair, issueId }: Pick<Followed, "pair" | "issueId">,
    doc: FollowDoc,
  ): Promise<boolean> {
    const { ledger, planning, deps, source } = this.parts;
    await ledger.put(pair.link.id, doc);
    if (!planning.tell(issueId, doc.facts)) return false;
    await deps.store.pairs.putInbox([
      {
        syncId: source.syncId,
        source: "planning",
        eventId: deps.ids.next(),
        side: "right",
        recordId: issueId,
        kind: "updated",
        changed: [],
        prior: {},
        occurredAt: null,
        receivedAt: new Date(deps.clock.now()).toISOString(),
        detectedBy: "poll",
        type: "pull_request",
      },
    ]);
    return true;
  }

  /** Every pair that both sides are known of. */
  private async followed(): Promise<readonly Followed[]> {
    const { deps, source, ledger } = this.parts;
    const all: Followed[] = [];
    for await (const link of deps.store.pairs.iterateLinks(source.syncId)) {
      const { leftId: pageId, rightId: issueId } = link;
      if (pageId === null || issueId === null || link.status !== "live") continue;
      const doc = ledger.docOf(link.id, issueId);
      all.push({ pair: openPair(link), doc, issueId, pageId });
    }
    return all;
  }
}

function valuesOf({ pair: { doc } }: Followed): Readonly<Record<Side, Values>> {
  return { left: doc.seen.left?.values ?? {}, right: doc.seen.right?.values ?? {} };
}

/** The row's title, as it was last seen. */
export function titleIn({ config }: Pick<StepParts, "config">, { doc }: Pair): string {
  const title = doc.seen.left?.values[config.fields.title.property];
  return typeof title === "string" ? title : "";
}

/** The row's status, as it was last seen. */
export function statusOf({ fields }: PlanningConfig, { doc }: Pair): string | null {
  const status = doc.seen.left?.values[fields.status.property];
  return typeof status === "string" ? status : null;
}
