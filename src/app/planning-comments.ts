import { createComments } from "../connectors/github/comment-client.ts";
import type { Comments, IssueComment } from "../connectors/github/comments.ts";
import { recordIdOf } from "../connectors/github/repositories.ts";
import { createNotionClient } from "../connectors/notion/client.ts";
import { commentOnce, listComments } from "../connectors/notion/comments.ts";
import { LockstepError } from "../core/errors.ts";
import { commentForGitHub, commentForNotion } from "../recipes/planning/comment-text.ts";
import type { FollowDoc, WaitingComments } from "./planning-ledger.ts";
import { type Fate, sentOnce } from "./planning-once.ts";
import { refOf } from "./planning-pulls.ts";
import { commenting, type Followed, type StepParts } from "./planning-step.ts";
import { failureIn } from "./planning-troubles.ts";

/** Read again from a little earlier: a comment may show late. */
const overlapMs = 120_000;
/** What was copied long ago is not listed again. */
const copiedKept = 200;
const sendWithinMs = 15_000;
/** What could not be copied is tried again this long. */
const retriedMs = 86_400_000;
/** Issues without a row, and rows without an issue, whose comments are remembered; the oldest are forgotten first. */
const waitingMax = 1_000;

type Waiting = Map<string, WaitingComments>;

/** Copies comments from one side to the other, each once, with author and link. */
export class CommentCopier {
  private readonly parts: StepParts;
  private readonly comments: Comments;

  constructor(parts: StepParts) {
    this.parts = parts;
    this.comments = commentsOf(parts);
  }

  async copy(all: readonly Followed[]): Promise<void> {
    const { comments } = this.parts.config;
    if (comments === "notion" || comments === "both") await this.copyToNotion(all);
    if (comments === "github" || comments === "both") await this.copyRows(all);
  }

  /** Says something on an issue, once for each marker. */
  say(one: Pick<Followed, "issueId">, marker: string, body: string): Promise<Fate> {
    const { deps, ledger } = this.parts;
    return sentOnce({ ledger, clock: deps.clock }, `${one.issueId} ${marker}`, () =>
      this.send(one, marker, body),
    );
  }

  /** Says something on a row, once for each text. Tells what kept it from that. */
  async tell(pageId: string, text: string): Promise<Fate> {
    const { access, deps, herald, ledger, signal, troubles } = this.parts;
    return sentOnce({ ledger, clock: deps.clock }, `${pageId} ${text}`, async () => {
      try {
        await commentOnce(access.connect().http, { pageId, text }, signal);
        return "there";
      } catch (error) {
        if (!(error instanceof LockstepError) || error.code === "CANCELLED") throw error;
        troubles.fails(commenting, error);
        herald.tell("warn", "planning.comment_failed", { page_id: pageId, problem: error.message });
        if (error.retry === "never") return "refused";
        return error.code === "RATE_LIMITED" ? "later" : "doubt";
      }
    });
  }

  private async send(one: Pick<Followed, "issueId">, marker: string, body: string): Promise<Fate> {
    const { clock } = this.parts.deps;
    const sending = { sendBy: clock.monotonic() + sendWithinMs, signal: this.parts.signal };
    const asked = await this.comments.create(refOf(one.issueId), { marker, body }, sending);
    if ("value" in asked) return "there";
    const problem = asked.kind === "refused" ? asked.message : asked.reason;
    const failure = failureIn(asked);
    if (failure !== null) this.parts.troubles.fails(commenting, failure);
    this.parts.herald.tell("warn", "planning.comment_failed", { issue: one.issueId, problem });
    if (asked.kind === "doubt") return "doubt";
    return asked.why === "limited" ? "later" : "refused";
  }

  private async copyToNotion(all: readonly Followed[]): Promise<void> {
    const { ledger, deps, planning, signal } = this.parts;
    const byIssue = new Map(all.map((one) => [one.issueId, one]));
    for (const repositoryId of new Set(planning.connector().knownRepositoryIds())) {
      const since = ledger.state.commentsSince[repositoryId];
      if (since === undefined) {
        // Comments from before the sync was accepted stay where they are.
        await this.readFrom(repositoryId, deps.clock.now());
        continue;
      }
      const found = await this.comments.listSince({ repositoryId }, since, signal);
      const waiting: Waiting = new Map(Object.entries(ledger.state.waitingComments));
      const failed: number[] = [];
      for (const comment of found) {
        const fate = await this.take(byIssue, comment, waiting);
        if (fate === "later" || fate === "doubt") failed.push(Date.parse(comment.updatedAt));
      }
      await this.remember(waiting);
      const latest = Math.max(...found.map(({ updatedAt }) => Date.parse(updatedAt)));
      // What could not be copied is listed again: for a day, since what fails for good would be listed for ever.
      const from = failed.length === 0 ? latest : Math.max(Math.min(...failed), latest - retriedMs);
      if (found.length > 0) await this.readFrom(repositoryId, from);
    }
    await this.catchUp(byIssue);
  }

  /** A comment whose issue has no row, or a row in the trash, waits for one. */
  private async take(
    byIssue: ReadonlyMap<string, Followed>,
    comment: IssueComment,
    waiting: Waiting,
  ): Promise<Fate> {
    if (comment.marker !== null) return "there";
    const issueId = recordIdOf(comment.issue);
    const one = byIssue.get(issueId);
    const fate = one === undefined ? "refused" : await this.toNotion(one, comment);
    if (fate !== "refused") return fate;
    const since = waiting.get(issueId)?.since ?? comment.updatedAt;
    waiting.delete(issueId);
    waiting.set(issueId, {
      since: since < comment.updatedAt ? since : comment.updatedAt,
      rowRevision: one === undefined ? null : revisionOf(one),
    });
    return fate;
  }

  /** What waited for a row that is there now, or has been edited since it took none. */
  private async catchUp(byIssue: ReadonlyMap<string, Followed>): Promise<void> {
    const { ledger, signal } = this.parts;
    for (const [issueId, { since, rowRevision }] of Object.entries(ledger.state.waitingComments)) {
      const one = byIssue.get(issueId);
      if (one === undefined || rowRevision === revisionOf(one)) continue;
      const found = await this.comments.list(refOf(issueId), signal);
      const waiting: Waiting = new Map(Object.entries(ledger.state.waitingComments));
      waiting.delete(issueId);
      let isDone = true;
      for (const comment of found.filter(({ updatedAt }) => updatedAt >= since)) {
        const fate = await this.take(byIssue, comment, waiting);
        if (fate === "later" || fate === "doubt") isDone = false;
      }
      if (isDone) await this.remember(waiting);
    }
  }

  private async remember(waiting: Waiting): Promise<void> {
    const { ledger } = this.parts;
    const waitingComments = Object.fromEntries([...waiting].slice(-waitingMax));
    if (JSON.stringify(waitingComments) === JSON.stringify(ledger.state.waitingComments)) return;
    await ledger.setState({ waitingComments });
  }

  /** By GitHub's clock, once it has told: ours may be off by more than the overlap. */
  private async readFrom(repositoryId: number, at: number): Promise<void> {
    const { ledger } = this.parts;
    const since = new Date(at - overlapMs).toISOString();
    if (ledger.state.commentsSince[repositoryId] === since) return;
    await ledger.setState({ commentsSince: { ...ledger.state.commentsSince, [repositoryId]: since } });
  }

  private async toNotion(one: Followed, { id, author, body, url }: IssueComment): Promise<Fate> {
    const key = `github:${id}`;
    const doc = this.parts.ledger.docOf(one.pair.link.id, one.issueId);
    if (doc.copied.includes(key)) return "there";
    const fate = await this.tell(
      one.pageId,
      commentForNotion({ author: author ?? "Somebody", text: body, url }),
    );
    if (fate === "there") await this.noteCopied(one, doc, key);
    return fate;
  }

  /** Rows that were commented on, as far as they have an issue by now. */
  private async copyRows(all: readonly Followed[]): Promise<void> {
    const { ledger } = this.parts;
    const byPage = new Map(all.map((one) => [one.pageId, one]));
    for (const pageId of ledger.state.commentedRows) {
      const one = byPage.get(pageId);
      if (one === undefined || !(await this.copyToGitHub(one))) continue;
      await ledger.setState({
        commentedRows: ledger.state.commentedRows.filter((each) => each !== pageId),
      });
    }
  }

  /** False: some of it has to be tried again. */
  private async copyToGitHub(one: Followed): Promise<boolean> {
    const { access, signal, config, ledger } = this.parts;
    const { http } = access.connect();
    const me = await createNotionClient({ http }).me(signal);
    const ownId = "object" in me ? me.object.id : null;
    let isDone = true;
    for (const comment of await listComments(http, one.pageId, signal)) {
      const key = `notion:${comment.id}`;
      const doc = ledger.docOf(one.pair.link.id, one.issueId);
      if (comment.authorId === ownId || doc.copied.includes(key)) continue;
      const url = `https://www.notion.so/${one.pageId.replaceAll("-", "")}`;
      const body = commentForGitHub(
        { author: comment.author ?? "Somebody", text: comment.text, url },
        config,
      );
      const fate = await this.say(one, key, body);
      if (fate === "there") await this.noteCopied(one, doc, key);
      if (fate === "later" || fate === "doubt") isDone = false;
    }
    return isDone;
  }

  private async noteCopied(one: Followed, doc: FollowDoc, key: string): Promise<void> {
    await this.parts.ledger.put(one.pair.link.id, {
      ...doc,
      copied: [...doc.copied, key].slice(-copiedKept),
    });
  }
}

/** The row as it was last seen. */
function revisionOf({ pair }: Followed): string {
  return pair.doc.seen.left?.revision ?? "";
}

/** With those on which somebody has just commented; the same list when all of them are in it. */
export function withCommented(known: readonly string[], pages: readonly string[]): readonly string[] {
  const news = new Set(pages).difference(new Set(known));
  return news.size === 0 ? known : [...known, ...news].slice(-waitingMax);
}

function commentsOf({ github, deps, planning, markerKeys }: StepParts): Comments {
  return createComments({
    client: github.connect(),
    markerKeys,
    identity: (signal) => planning.identity(signal),
    nowSeconds: () => Math.floor(deps.clock.now() / 1_000),
  });
}
