import { createComments } from "../connectors/github/comment-client.ts";
import type { Comments, IssueComment } from "../connectors/github/comments.ts";
import { recordIdOf } from "../connectors/github/repositories.ts";
import { createNotionClient } from "../connectors/notion/client.ts";
import { commentOnce, listComments } from "../connectors/notion/comments.ts";
import { LockstepError } from "../core/errors.ts";
import { commentForGitHub, commentForNotion } from "../recipes/planning/comment-text.ts";
import type { FollowDoc } from "./planning-ledger.ts";
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

/** Copies comments from one side to the other, each once, with author and link. */
export class CommentCopier {
  private readonly parts: StepParts;
  private readonly comments: Comments;

  constructor(parts: StepParts) {
    this.parts = parts;
    this.comments = commentsOf(parts);
  }

  /** `pages`: those on which somebody is known to have commented. */
  async copy(all: readonly Followed[], pages: ReadonlySet<string>): Promise<void> {
    const { comments } = this.parts.config;
    if (comments === "notion" || comments === "both") await this.copyToNotion(all);
    if (comments !== "github" && comments !== "both") return;
    for (const one of all) if (pages.has(one.pageId)) await this.copyToGitHub(one);
  }

  /** Says something on an issue, once for each marker. */
  async say(one: Pick<Followed, "issueId">, marker: string, body: string): Promise<boolean> {
    const { clock } = this.parts.deps;
    const sending = { sendBy: clock.monotonic() + sendWithinMs, signal: this.parts.signal };
    const asked = await this.comments.create(refOf(one.issueId), { marker, body }, sending);
    if ("value" in asked) return true;
    const problem = asked.kind === "refused" ? asked.message : asked.reason;
    const failure = failureIn(asked);
    if (failure !== null) this.parts.troubles.fails(commenting, failure);
    this.parts.herald.tell("warn", "planning.comment_failed", { issue: one.issueId, problem });
    return false;
  }

  private async copyToNotion(all: readonly Followed[]): Promise<void> {
    const { ledger, deps, signal } = this.parts;
    const byIssue = new Map(all.map((one) => [one.issueId, one]));
    for (const repositoryId of new Set(all.map(({ issueId }) => refOf(issueId).repositoryId))) {
      const since = ledger.state.commentsSince[repositoryId];
      if (since === undefined) {
        // Comments from before the sync was accepted stay where they are.
        await this.readFrom(repositoryId, deps.clock.now());
        continue;
      }
      const found = await this.comments.listSince({ repositoryId }, since, signal);
      const failed: number[] = [];
      for (const comment of found) {
        const one = byIssue.get(recordIdOf(comment.issue));
        if (one === undefined || comment.marker !== null) continue;
        if (!(await this.toNotion(one, comment))) failed.push(Date.parse(comment.updatedAt));
      }
      const latest = Math.max(...found.map(({ updatedAt }) => Date.parse(updatedAt)));
      // What could not be copied is listed again: for a day, since what is refused for good would be listed for ever.
      const from = failed.length === 0 ? latest : Math.max(Math.min(...failed), latest - retriedMs);
      if (found.length > 0) await this.readFrom(repositoryId, from);
    }
  }

  /** By GitHub's clock, once it has told: ours may be off by more than the overlap. */
  private async readFrom(repositoryId: number, at: number): Promise<void> {
    const { ledger } = this.parts;
    const since = new Date(at - overlapMs).toISOString();
    if (ledger.state.commentsSince[repositoryId] === since) return;
    await ledger.setState({ commentsSince: { ...ledger.state.commentsSince, [repositoryId]: since } });
  }

  /** False: it has to be tried again. */
  private async toNotion(one: Followed, { id, author, body, url }: IssueComment): Promise<boolean> {
    const key = `github:${id}`;
    const doc = this.parts.ledger.docOf(one.pair.link.id, one.issueId);
    if (doc.copied.includes(key)) return true;
    const text = commentForNotion({ author: author ?? "Somebody", text: body, url });
    const { access, signal, herald, troubles } = this.parts;
    try {
      await commentOnce(access.connect().http, { pageId: one.pageId, text }, signal);
      await this.noteCopied(one, doc, key);
      return true;
    } catch (error) {
      if (!(error instanceof LockstepError) || error.code === "CANCELLED") throw error;
      troubles.fails(commenting, error);
      herald.tell("warn", "planning.comment_failed", { page_id: one.pageId, problem: error.message });
      // What Notion refuses (the page is in the trash) it refuses again.
      return error.retry === "never";
    }
  }

  private async copyToGitHub(one: Followed): Promise<void> {
    const { access, signal, config, ledger } = this.parts;
    const { http } = access.connect();
    const me = await createNotionClient({ http }).me(signal);
    const ownId = "object" in me ? me.object.id : null;
    for (const comment of await listComments(http, one.pageId, signal)) {
      const key = `notion:${comment.id}`;
      const doc = ledger.docOf(one.pair.link.id, one.issueId);
      if (comment.authorId === ownId || doc.copied.includes(key)) continue;
      const url = `https://www.notion.so/${one.pageId.replaceAll("-", "")}`;
      const body = commentForGitHub(
        { author: comment.author ?? "Somebody", text: comment.text, url },
        config,
      );
      if (await this.say(one, key, body)) await this.noteCopied(one, doc, key);
    }
  }

  private async noteCopied(one: Followed, doc: FollowDoc, key: string): Promise<void> {
    await this.parts.ledger.put(one.pair.link.id, {
      ...doc,
      copied: [...doc.copied, key].slice(-copiedKept),
    });
  }
}

function commentsOf({ github, deps, planning, markerKeys }: StepParts): Comments {
  return createComments({
    client: github.connect(),
    markerKeys,
    identity: (signal) => planning.identity(signal),
    nowSeconds: () => Math.floor(deps.clock.now() / 1_000),
  });
}
