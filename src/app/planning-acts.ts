import type { Asked, PullRequest, PullRequests } from "../connectors/github/pull-requests.ts";
import { issueFields } from "../recipes/planning/issue-fields.ts";
import type { Act } from "../recipes/planning/pulls/law.ts";
import { mergeTitle, pullBody, pullTitle } from "../recipes/planning/pulls/text.ts";
import { wordOf } from "../recipes/planning/statuses.ts";
import type { FollowDoc } from "./planning-ledger.ts";
import { refOf } from "./planning-pulls.ts";
import { type Followed, followingPulls, type StepParts, statusOf, titleIn } from "./planning-step.ts";
import { failureIn } from "./planning-troubles.ts";

/** What became of an act. `pull`: the pull request as it is now, where it was touched. */
export interface Done {
  readonly isDone: boolean;
  /** Nobody knows whether it took effect. */
  readonly isDoubtful?: boolean;
  /** GitHub did not take it, and would not take it a moment later either. */
  readonly isRefused?: boolean;
  readonly doc: FollowDoc;
  readonly pull: PullRequest | null;
}

/** A request that waited longer than this is not sent: what it was decided on is too old by then (ms). */
const sendWithinMs = 15_000;

/** Carries out what the law asks for: one write each, and what GitHub refused is told on the row. */
export class PullActs {
  private readonly parts: StepParts;
  private readonly client: PullRequests;

  constructor(parts: StepParts, client: PullRequests) {
    this.parts = parts;
    this.client = client;
  }

  async carryOut(act: Act, one: Followed, pull: PullRequest | null): Promise<Done> {
    switch (act) {
      case "open-draft":
        return this.openDraft(one);
      case "mark-ready":
        return pull === null ? nothing(one) : this.markReady(one, pull);
      case "merge":
        return pull === null ? nothing(one) : this.merge(one, pull);
      case "close-issue":
        return this.closeIssue(one);
      case "nothing":
      case "say":
        return nothing(one);
    }
  }

  private async openDraft(one: Followed): Promise<Done> {
    const { repositoryId, number } = refOf(one.issueId);
    const asked = await this.client.openDraft(
      {
        repository: { repositoryId },
        branch: one.doc.branch ?? "",
        base: this.parts.config.pulls?.base ?? null,
        title: pullTitle(titleIn(this.parts, one.pair)),
        body: pullBody({ issueNumber: number, pageId: one.pageId }),
        isDraft: true,
      },
      this.sending(),
    );
    if (!("value" in asked)) return this.refused(one, "open a draft", asked);
    return { isDone: true, doc: { ...one.doc, isOpened: true }, pull: asked.value };
  }

  private async markReady(one: Followed, pull: PullRequest): Promise<Done> {
    const asked = await this.client.markReady(pull, this.sending());
    if (!("value" in asked)) return this.refused(one, "mark the draft ready", asked);
    return { isDone: true, doc: one.doc, pull: { ...asked.value, isDraft: false } };
  }

  /** The head that was judged is named: GitHub merges that, or nothing. */
  private async merge(one: Followed, pull: PullRequest): Promise<Done> {
    const method = this.parts.config.pulls?.method ?? "squash";
    const title = mergeTitle(pull.title, pull.number);
    const asked = await this.client.merge(
      pull,
      { sha: pull.headSha, method, ...(method === "rebase" ? {} : { title, message: "" }) },
      this.sending(),
    );
    if (!("value" in asked)) return this.refused(one, "merge", asked);
    this.parts.herald.tell("info", "planning.merged", {
      issue: one.issueId,
      pull_request: pull.number,
      sha: pull.headSha,
      page_id: one.pageId,
    });
    return { isDone: true, doc: one.doc, pull: { ...pull, state: "merged" } };
  }

  private async closeIssue(one: Followed): Promise<Done> {
    const { config, planning, source, deps } = this.parts;
    const status = statusOf(config, one.pair);
    const meaning = config.statuses.find(({ name }) => name === status);
    const word = wordOf({ state: "closed", reason: meaning?.reason ?? "completed", label: null });
    const { connector } = planning.issues(source);
    const outcome = await connector.apply(
      {
        kind: "update",
        id: one.issueId,
        fields: { [issueFields.status]: word },
        expected: { revision: one.pair.doc.seen.right?.revision ?? "" },
      },
      { sendBy: deps.clock.monotonic() + sendWithinMs, signal: this.parts.signal },
    );
    if (outcome.kind === "applied") return { isDone: true, doc: one.doc, pull: null };
    const why = outcome.kind === "refused" ? outcome.message : "the answer was lost";
    const isOwn = outcome.kind === "refused" && outcome.code === "SENT_TOO_LATE";
    if (!isOwn && outcome.kind !== "stale")
      this.parts.troubles.fails(followingPulls, {
        code: outcome.kind === "refused" ? outcome.code : "UPSTREAM_FAILED",
        message: why,
      });
    return { isDone: false, doc: withNote(one.doc, `Not closed yet: ${why}`), pull: null };
  }

  private refused(
    one: Followed,
    what: string,
    asked: Exclude<Asked<unknown>, { readonly value: unknown }>,
  ): Done {
    const why =
      asked.kind === "refused" ? asked.message : `nobody knows whether it took effect (${asked.reason})`;
    const failure = failureIn(asked);
    if (failure !== null) this.parts.troubles.fails(followingPulls, failure);
    this.parts.herald.tell("warn", "planning.refused", { what, issue: one.issueId, problem: why });
    const isDoubtful = asked.kind === "doubt";
    const isRefused = asked.kind === "refused" && asked.why !== "limited";
    return {
      isDone: false,
      isDoubtful,
      isRefused,
      // Each try has another number, and the row is not written for that.
      doc: withNote(one.doc, `Could not ${what}: ${why.replace(/ \(request [^()]*\)/, "")}`),
      pull: null,
    };
  }

  private sending() {
    const { clock } = this.parts.deps;
    return { sendBy: clock.monotonic() + sendWithinMs, signal: this.parts.signal };
  }
}

function nothing({ doc }: Followed): Done {
  return { isDone: false, doc, pull: null };
}

const noteLengthMax = 500;

function withNote(doc: FollowDoc, note: string): FollowDoc {
  return { ...doc, facts: { ...doc.facts, note: note.slice(0, noteLengthMax) } };
}
