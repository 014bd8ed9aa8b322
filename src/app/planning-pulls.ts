import { createPullRequests } from "../connectors/github/pull-request-client.ts";
import type { PullRequest, PullRequests, Readiness } from "../connectors/github/pull-requests.ts";
import { type IssueRef, parseRecordId, recordIdOf } from "../connectors/github/repositories.ts";
import { rowFacts } from "../recipes/planning/board.ts";
import { noFacts } from "../recipes/planning/facts.ts";
import { branchFor } from "../recipes/planning/pulls/branch.ts";
import { factsOf, judge } from "../recipes/planning/pulls/judge.ts";
import { type Act, decide, type PullCase, type PullState } from "../recipes/planning/pulls/law.ts";
import { matchPull } from "../recipes/planning/pulls/matching.ts";
import { missingText } from "../recipes/planning/pulls/missing.ts";
import type { PairVersion } from "../store/pair-store.ts";
import { PullActs } from "./planning-acts.ts";
import { BranchFinder } from "./planning-branches.ts";
import type { FollowDoc } from "./planning-ledger.ts";
import { type Followed, followingPulls, type StepParts, statusOf, titleIn } from "./planning-step.ts";

/** Checks may run again without the pull request being told: what was read is believed this long (ms). */
const believedMs = 3_600_000;
/** Versions of a pair that are looked through for who set its status. */
const versionsMax = 200;
/** What GitHub refused is not asked again for so long, as long as nothing has changed (ms). */
const refusedMs = 3_600_000;
/** Opening, merging and closing follow on each other. */
const actsMax = 4;

/** Makes a change durable and known; true: the row shows something else now. */
export type Change = (followed: Pick<Followed, "pair" | "issueId">, doc: FollowDoc) => Promise<boolean>;

/** Follows the pull requests of rows for one pass. */
export class PullFollower {
  private readonly parts: StepParts;
  private readonly change: Change;
  private readonly acts: PullActs;
  private readonly branches: BranchFinder;
  private readonly client: PullRequests;
  /** Pull requests as this pass has read them, by record id. */
  private readonly seen = new Map<string, PullRequest>();
  private readonly readings = new Map<string, Readiness>();

  constructor(parts: StepParts, { change }: { readonly change: Change }) {
    this.parts = parts;
    this.change = change;
    this.client = createPullRequests(parts.github.connect());
    this.acts = new PullActs(parts, this.client);
    this.branches = new BranchFinder(parts, this.client);
  }

  /**
   * One list of open pull requests for each repository; checks and reviews only of those that have changed, or that a delivery
   * was about. `told`: pull requests ("#45"), commits and branches.
   */
  async look(all: readonly Followed[], told: ReadonlySet<string>): Promise<void> {
    const open = new Map<number, readonly PullRequest[]>();
    for (const repositoryId of new Set(all.map(({ issueId }) => refOf(issueId).repositoryId)))
      open.set(repositoryId, await this.client.listOpen({ repositoryId }, this.parts.signal));
    const found: { readonly one: Followed; readonly pull: PullRequest }[] = [];
    for (const one of all) {
      const pull = await this.pullOf(one, open.get(refOf(one.issueId).repositoryId) ?? []);
      if (pull !== null) found.push({ one, pull });
    }
    this.branches.told(told);
    await this.read(
      found
        .filter(({ one, pull }) => isToldOf(told, pull) || this.isToRead(one, pull))
        .map(({ pull }) => pull),
    );
    for (const { one, pull } of found) await this.note(one, pull);
  }

  /** Before a merge is decided on, everything is read that it depends on: of all at once. */
  async prepare(all: readonly Followed[]): Promise<void> {
    const unread = all.flatMap((one) => {
      const id = this.pullId(one);
      const pull = id === null ? undefined : this.seen.get(id);
      const isWanted = pull?.state === "open" && !pull.isDraft && this.isShipped(one.pair);
      return isWanted && id !== null && !this.readings.has(id) ? [{ one, pull }] : [];
    });
    await this.read(unread.map(({ pull }) => pull));
    for (const { one, pull } of unread) await this.note(one, pull);
  }

  /** Does what the row's status asks for, as far as it can be done now. `areRowsRead`: this pass has asked for changed rows. */
  async follow(one: Followed, areRowsRead: boolean): Promise<boolean> {
    let isChanged = false;
    let current = await this.entered(one, areRowsRead);
    for (let round = 0; round < actsMax; round += 1) {
      const { act, doc } = await this.next(current);
      const key = refusalKey(act, doc);
      if (this.isRefusedAlready(current, key)) {
        this.parts.troubles.spares(followingPulls);
        return isChanged;
      }
      if (act === "nothing" || act === "say") {
        if (await this.change(current, doc)) isChanged = true;
        return isChanged;
      }
      const intent = { act, at: new Date(this.parts.deps.clock.now()).toISOString() };
      await this.change(current, { ...doc, intent });
      const done = await this.acts.carryOut(
        act,
        { ...current, doc },
        this.seen.get(this.pullId(current) ?? "") ?? null,
      );
      if (done.pull !== null) this.seen.set(recordIdOf(done.pull), done.pull);
      const after = done.pull === null ? done.doc : this.shown({ ...current, doc: done.doc }, done.pull);
      // As long as nobody knows what became of it, it stays written down: what shows later may be its work.
      const next = {
        ...after,
        intent: done.isDoubtful === true ? intent : null,
        refused: done.isRefused === true ? { key, at: this.parts.deps.clock.now() } : null,
      };
      if (await this.change(current, next)) isChanged = true;
      current = { ...current, doc: next };
      if (!done.isDone) return isChanged;
      if (act === "close-issue") return true;
    }
    return isChanged;
  }

  /** Asked again just so, GitHub would say the same: the row goes on telling why. */
  private isRefusedAlready({ doc: { refused } }: Followed, key: string): boolean {
    return refused?.key === key && this.parts.deps.clock.now() - refused.at < refusedMs;
  }

  /** What the law says about the pair as it stands, and what the row is told. */
  private async next(one: Followed): Promise<{ readonly act: Act; readonly doc: FollowDoc }> {
    const { config } = this.parts;
    const status = statusOf(config, one.pair);
    const searched = await this.branches.search(one, status);
    const doc = searched.doc;
    const readings = this.readings.get(this.pullId({ ...one, doc }) ?? "") ?? null;
    const pull = this.stateOf(doc, searched.hasBranch);
    const headSha = doc.pull?.headSha ?? "";
    const pullCase = judge(config, {
      status,
      isArmed: doc.isArmed,
      isRelayed: doc.isRelayed,
      isIssueOpen: !this.isClosed(one),
      pull,
      readings: readings === null ? null : { ...readings, headSha },
      shippedSha: doc.shippedSha,
    });
    const act = decide(pullCase);
    // A pass that asks nobody has not looked at what a merge takes: what the last one said stands.
    const isUnseen =
      pullCase.phase === "ship" && pull === "open" && !this.seen.has(this.pullId({ ...one, doc }) ?? "");
    const words = () => (isUnseen ? doc.facts.note : this.wordsFor(one, pullCase, { doc, status, readings }));
    const note = act === "say" ? words() : null;
    return { act, doc: { ...doc, facts: { ...doc.facts, note } } };
  }

  private wordsFor(
    one: Followed,
    pullCase: PullCase,
    { doc, status, readings }: { doc: FollowDoc; status: string | null; readings: Readiness | null },
  ): string | null {
    const { config } = this.parts;
    const named = (state: string) =>
      (readings?.checks ?? []).filter((check) => check.state === state).map(({ name }) => name);
    return missingText(pullCase, {
      failing: named("failing"),
      pending: [...named("pending"), ...(readings?.missingChecks ?? [])],
      shippedSha: doc.shippedSha,
      headSha: doc.pull?.headSha ?? null,
      branch: doc.branch,
      suggestion: branchFor(config.pulls?.branchPattern ?? "", {
        number: refOf(one.issueId).number,
        title: titleIn(this.parts, one.pair),
      }),
      status: status ?? "",
    });
  }

  private stateOf({ facts, isOpened }: FollowDoc, hasBranch: boolean): PullState {
    switch (facts.pullState) {
      case "Draft":
        return isOpened ? "opened" : "draft";
      case "Open":
        return "open";
      case "Merged":
        return "merged";
      case "Closed":
        return "closed";
      case null:
        return hasBranch ? "branch" : "none";
    }
  }

  private isClosed({ pair }: Followed): boolean {
    const word = pair.doc.seen.right?.values[this.parts.config.fields.status.property];
    return typeof word === "string" && word.startsWith("closed");
  }

  /** By the last word of history on the row's status: the sync wrote it, or somebody else. */
  private async isRelayed(one: Followed): Promise<boolean> {
    return (await this.statusVersions(one, 0)).at(-1)?.origin === "engine";
  }

  /** Taken back and set again between two looks, a status is as it was, and history has both. */
  private async isSetAgain(one: Followed, { statusSeq }: FollowDoc): Promise<boolean> {
    if (statusSeq === null || one.pair.doc.head.seq === statusSeq) return false;
    return (await this.statusVersions(one, statusSeq)).length > 0;
  }

  /** What history has of the row's status since then, as far as it is looked through. */
  private async statusVersions({ pair }: Followed, since: number): Promise<readonly PairVersion[]> {
    const { deps, config } = this.parts;
    const after = Math.max(since, pair.doc.head.seq - versionsMax);
    const versions = await deps.store.pairs.listVersions(pair.link.id, { after, limit: versionsMax });
    return versions.filter(({ side, fields }) => side === "left" && config.fields.status.property in fields);
  }

  /** A status that was not there at the last look: set by a person, and from now on it counts. */
  private async entered(one: Followed, areRowsRead: boolean): Promise<Followed> {
    const { config, ledger } = this.parts;
    const status = statusOf(config, one.pair);
    const doc = ledger.docOf(one.pair.link.id, one.issueId);
    const statusSeq = one.pair.doc.head.seq;
    const knownSha = areRowsRead ? (doc.pull?.headSha ?? null) : doc.knownSha;
    if (status === doc.status && !(await this.isSetAgain(one, doc)))
      return { ...one, doc: { ...doc, statusSeq, knownSha } };
    const entered: FollowDoc = {
      ...doc,
      status,
      statusSeq,
      isArmed: await this.isSince(one, doc),
      isRelayed: await this.isRelayed(one),
      isOpened: false,
      lookAt: 0,
      // What was pushed since the last look may have come after the status, and was looked at by nobody.
      shippedSha: this.isShipped(one.pair) ? doc.knownSha : null,
      knownSha,
    };
    await ledger.put(one.pair.link.id, entered);
    return { ...one, doc: entered };
  }

  /**
   * It was set since a person accepted the sync. What was there then was noted down; but a row that was made before and showed only after
   * may have had its status all along, unless it showed with another one first.
   */
  private async isSince(one: Followed, { status, statusSeq }: FollowDoc): Promise<boolean> {
    const { acceptedAt } = this.parts.ledger.state;
    if (acceptedAt === null) return false;
    const isFirstLook = status === null && statusSeq === null;
    const madeAt = Date.parse(one.pair.doc.seen.left?.createdAt ?? "");
    if (!isFirstLook || !(madeAt <= Date.parse(acceptedAt))) return true;
    return (await this.statusVersions(one, 0)).length > 1;
  }

  private async pullOf(one: Followed, open: readonly PullRequest[]): Promise<PullRequest | null> {
    const { doc, issueId } = one;
    const { number, repositoryId } = refOf(issueId);
    const pattern = this.parts.config.pulls?.branchPattern ?? "";
    const found = matchPull(open, {
      issueNumber: number,
      branch: doc.branch,
      pullNumber: doc.pull?.number ?? null,
      pattern,
    });
    const isOver = found === null && (doc.facts.pullState === "Open" || doc.facts.pullState === "Draft");
    if (!isOver || doc.pull === null) return found;
    return this.client.get({ repositoryId, number: doc.pull.number }, this.parts.signal);
  }

  private isToRead({ doc, pair }: Followed, pull: PullRequest): boolean {
    if (pull.state !== "open") return false;
    const { deps } = this.parts;
    const isMoved = doc.pull?.headSha !== pull.headSha || doc.pull.updatedAt !== pull.updatedAt;
    const isWaiting = this.isShipped(pair);
    const isOld = deps.clock.now() - doc.readAt > believedMs;
    return isMoved || isWaiting || isOld || doc.facts.checks === "Pending";
  }

  private async read(pulls: readonly PullRequest[]): Promise<void> {
    if (pulls.length === 0) return;
    for (const [id, readiness] of await this.client.readiness(pulls, this.parts.signal))
      this.readings.set(id, readiness);
  }

  private async note(one: Followed, pull: PullRequest): Promise<void> {
    this.seen.set(recordIdOf(pull), pull);
    await this.change(one, this.shown(one, pull));
  }

  /** The document with the pull request as it is now. */
  private shown({ doc, pair }: Pick<Followed, "doc" | "pair">, pull: PullRequest): FollowDoc {
    const readings = this.readings.get(recordIdOf(pull)) ?? null;
    const repository = repositoryOf(pair.doc.seen.right?.values[rowFacts.issue]);
    const told = factsOf(pull, repository, readings === null ? null : { ...readings, headSha: pull.headSha });
    const isSame = doc.pull?.number === pull.number && readings === null && pull.state === "open";
    const { reviews, checks, note } = doc.facts;
    const isOurDraft = doc.intent?.act === "open-draft" && pull.isDraft;
    return {
      ...doc,
      ...(isOurDraft ? { isOpened: true, intent: null } : {}),
      pull: { number: pull.number, headSha: pull.headSha, updatedAt: pull.updatedAt },
      readAt: readings === null ? doc.readAt : this.parts.deps.clock.now(),
      facts: { ...noFacts, ...told, ...(isSame ? { reviews, checks } : {}), note },
    };
  }

  private isShipped(pair: Followed["pair"]): boolean {
    const status = statusOf(this.parts.config, pair);
    return this.parts.config.statuses.some((meaning) => meaning.isShipped && meaning.name === status);
  }

  private pullId({ issueId, doc }: Pick<Followed, "issueId" | "doc">): string | null {
    const { repositoryId } = refOf(issueId);
    return doc.pull === null ? null : recordIdOf({ repositoryId, number: doc.pull.number });
  }
}

/** An act, and everything that could make GitHub judge it otherwise. */
function refusalKey(
  act: Act,
  { status, branch, pull, facts: { checks, reviews, pullState } }: FollowDoc,
): string {
  return JSON.stringify([act, status, branch, pull, checks, reviews, pullState]);
}

/** A delivery was about it: "#45", its commit or its branch. */
function isToldOf(told: ReadonlySet<string>, { number, headSha, headBranch, state }: PullRequest): boolean {
  return state === "open" && [`#${number}`, headSha, headBranch].some((token) => told.has(token));
}

/** An issue's id is one of ours, or the link would not be there. */
export function refOf(issueId: string): IssueRef {
  const ref = parseRecordId(issueId);
  if (ref === null) throw new Error(`${issueId} is no issue's id`);
  return ref;
}

function repositoryOf(issue: unknown): string {
  return typeof issue === "string" ? issue.slice(0, issue.lastIndexOf("#")) : "";
}
