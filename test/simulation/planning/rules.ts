import { type FollowDoc, newFollowDoc } from "../../../src/app/planning-ledger.ts";
import type { PlanningConfig } from "../../../src/config/planning.ts";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import type { Side } from "../../../src/core/two-way/mapping.ts";
import { freshMs } from "../../../src/engine/two-way/act.ts";
import { rowFacts } from "../../../src/recipes/planning/board.ts";
import type { PairCommit, PairCommitResult, PairLink } from "../../../src/store/pair-store.ts";
import { HUB_BOT, type HubRequest } from "../github/hub.ts";
import { IssueTable, markerIn } from "../github/issues.ts";
import { isWrite } from "../github/transport.ts";
import type { Happening } from "../ledger.ts";
import type { Machine } from "../machine.ts";
import type { Page } from "../notion/page.ts";
import type { ApiRequest } from "../notion/routes.ts";
import type { SentWrite } from "../subject.ts";
import type { Watch } from "../watch.ts";
import type { World } from "../world.ts";
import type { PassCalls } from "./planners.ts";
import { PullRules, stateWord } from "./pull-rules.ts";
import { planningOf, REVIEW } from "./setup.ts";

/** Between a reading and the request that rests on it, travel included. */
const BLIND_MS = freshMs + 1_500;

/** Planning's own rules, looked at from outside: at every write and every change, and once more at the end. */
export class PlanningRules {
  readonly #world: World;
  readonly #watch: Watch;
  readonly #table: IssueTable;
  readonly #config: PlanningConfig;
  /** What following remembers, by the id of its link. */
  readonly #docs = new Map<string, FollowDoc>();
  readonly #pairedAt = new Map<string, number>();
  /** Since when comments of a repository are copied, by its id. */
  readonly #commentsFrom = new Map<string, number>();
  /** Which page an issue of ours was made for, and which issue a page. */
  readonly #madeFor = new Map<string, string>();
  readonly #pulls: PullRules;

  constructor(world: World, watch: Watch) {
    if (!(world.table instanceof IssueTable)) throw new Error("there is no GitHub here");
    this.#world = world;
    this.#watch = watch;
    this.#table = world.table;
    this.#config = planningOf(world.options);
    this.#pulls = new PullRules({
      world,
      watch,
      table: this.#table,
      config: this.#config,
      docs: this.#docs,
    });
  }

  /** From now on a person has let the sync write. */
  accept(): void {
    this.#pulls.acceptedAt = this.#world.now;
  }

  onSend(side: Side, write: unknown, machine: Machine): void {
    this.#pulls.onSend(machine.passBeganAt);
    if (side === "left") this.#checkPage(write as ApiRequest);
    else this.#checkRequest(write as HubRequest);
  }

  onDurable(name: string, argument: unknown, result: unknown): void {
    if (name !== "commit") return;
    const { syncId, links, state } = argument as PairCommit;
    const { stale, taken } = result as PairCommitResult;
    if (stale.length + taken.length > 0) return;
    if (syncId === this.#world.subject.syncId) for (const link of links) this.#checkPair(link);
    else {
      this.#noteState(state);
      for (const { key, doc } of links)
        if (key !== null && isJsonObject(doc))
          this.#docs.set(key, { ...newFollowDoc, ...(doc as unknown as Partial<FollowDoc>) });
    }
  }

  #noteState(state: Json | undefined): void {
    const since = isJsonObject(state) ? state.commentsSince : undefined;
    for (const id of Object.keys(isJsonObject(since) ? since : {}))
      if (!this.#commentsFrom.has(id)) this.#commentsFrom.set(id, this.#world.now);
  }

  /** Written down beside the pair: an issue that is closed because its row says so, a row that is told what became of its issue. */
  isForeseen(link: PairLink, sent: SentWrite): boolean {
    if (sent.side === "right")
      return (
        this.#docs.get(link.id)?.intent?.act === "close-issue" && sent.members?.includes("state") === true
      );
    return link.status === "unlinked" && sent.fields?.join() === rowFacts.note;
  }

  onHappening(happening: Happening): void {
    if (happening.by !== "engine") return;
    this.#checkKept(happening);
    if (happening.presence.from === "absent") this.#checkMade(happening);
    const isClosed = happening.side === "right" && happening.fields.Status?.to === "closed as completed";
    if (isClosed && happening.presence.to === "live") this.#pulls.onClosed(happening);
  }

  /** Q9 */
  onComment(pageId: string, text: string): void {
    const alike = this.#world.workspace
      .commentsOn(pageId)
      .filter((comment) => comment.by === this.#world.workspace.botId && comment.text === text);
    if (alike.length > 1) this.#fail("Q9", `"${text.slice(0, 60)}" was said ${alike.length} times`, pageId);
  }

  /** Q12: once all is quiet, and nothing waits for a pull request, a pass that polls asks each side twice at most. */
  atRest(passes: readonly PassCalls[]): void {
    const polls = passes.filter(({ isPoll, writes }) => isPoll && writes === 0);
    const links = [...this.#watch.durable.links.values()];
    const isQuiet = links.every(
      ({ dueAt, problem, openConflicts }) => dueAt === null && problem === null && openConflicts === 0,
    );
    const isWaited =
      [...this.#table.pulls.values()].some((moments) => moments.at(-1)?.state === "open") ||
      // A branch is looked for every five minutes.
      [...this.#docs.values()].some(({ status, pull }) => status === REVIEW && pull === null);
    // Polls may be so rare that each of them sweeps.
    const isSwept = (this.#world.options.sweepEveryMs ?? Number.POSITIVE_INFINITY) <= this.#world.pollEveryMs;
    if (!isQuiet || isWaited || isSwept || polls.length === 0) return;
    const copies = this.#config.comments === "off" || this.#config.comments === "github" ? 0 : 1;
    const most = { left: 2, right: (2 + copies) * this.#config.repositories.length };
    for (const side of ["left", "right"] as const) {
      const least = Math.min(...polls.map((calls) => calls[side]));
      if (least > most[side]) this.#fail("Q12", `a pass at rest asked the ${side} ${least} times`, null);
    }
  }

  async atEnd(): Promise<void> {
    this.#checkComments();
    for (const link of this.#watch.durable.links.values()) this.#checkShown(link);
  }

  /** Q3: a pair is tied by who made whom, or by the number that a person wrote on the row; by nothing that stands in a text. */
  #checkPair(link: PairLink): void {
    const { leftId, rightId } = link;
    if (leftId === null || rightId === null || this.#pairedAt.has(`${leftId} ${rightId}`)) return;
    this.#pairedAt.set(`${leftId} ${rightId}`, this.#world.now);
    const isMade = this.#madeFor.get(rightId) === leftId || this.#madeFor.get(leftId) === rightId;
    // GitHub itself says where a transferred issue is: its row goes along.
    const isMoved = this.#formerIds(rightId).some((former) => this.#pairedAt.has(`${leftId} ${former}`));
    if (isMade || isMoved || this.#isTied(leftId, rightId) || this.#isExchanged(leftId, rightId)) return;
    this.#fail(
      "Q3",
      `row ${leftId} was tied to issue ${rightId}, and neither was made for the other`,
      leftId,
    );
  }

  #formerIds(issueId: string): readonly string[] {
    const before = this.#table.hub.state.repositories
      .values()
      .flatMap((repository) =>
        [...repository.transferred]
          .filter(([, to]) => `${to.repositoryId}/${to.number}` === issueId)
          .map(([number]) => `${repository.id}/${number}`),
      );
    return [...before].flatMap((id) => [id, ...this.#formerIds(id)]);
  }

  /** A person wrote (or copied) the issue's number onto the row. */
  #isTied(pageId: string, issueId: string): boolean {
    const [, number] = issueId.split("/");
    return this.#world.ledger.of("left", pageId).some(({ by, fields }) => {
      const key = fields[rowFacts.issue]?.to;
      return by === "person" && typeof key === "string" && new RegExp(`(?:#|/)${number}$`).test(key);
    });
  }

  /** A person put the mark of another new issue of ours into this one, before anybody knew their numbers. */
  #isExchanged(pageId: string, issueId: string): boolean {
    const issue = this.#table.issue(issueId);
    const mark = `<!-- lockstep:1 id=${pageId} in=issue:${issueId.split("/")[0]} `;
    return issue?.author === HUB_BOT && (issue.body ?? "").includes(mark);
  }

  /** Q1: one issue for a row, and one row for an issue. */
  #checkMade({ side, id, marker }: Happening): void {
    if (marker === null) return;
    this.#madeFor.set(id, marker);
    const world = this.#world;
    for (const [other, madeFor] of this.#madeFor) {
      if (other === id || madeFor !== marker || world.presence(side, other) === "absent") continue;
      if (side === "left" ? !this.#isFindableRow(other) : !this.#isFindable(other)) continue;
      this.#fail("Q1", `${side} ${id} was made for ${marker}, which has ${other} already`, id);
    }
  }

  #isFindableRow(id: string): boolean {
    return this.#world.presence("left", id) === "live" && !this.#world.wasPassedOver(id);
  }

  /** Its mark was left alone, so that it can be found by it. */
  #isFindable(id: string): boolean {
    const issue = this.#table.issue(id);
    if (issue === null || issue.author !== HUB_BOT) return false;
    const wasTouched = this.#world.ledger
      .of("right", id)
      .some(({ by, presence }) => by === "person" && presence.from !== "absent");
    return markerIn(issue.body ?? "") === this.#madeFor.get(id) && !wasTouched;
  }

  /** Q2: what nobody manages is not touched, but by what came in the moment between a look and a write. */
  #checkKept(happening: Happening): void {
    for (const name of ["Other labels", "Other people", "Text"]) {
      const change = happening.fields[name];
      if (change === undefined) continue;
      const isNew = happening.presence.from === "absent";
      if (isNew && JSON.stringify(change.to ?? []) === "[]") continue;
      if (!isNew && this.#isBlind(happening, name)) continue;
      this.#fail(
        "Q2",
        `${name} on the ${happening.side} is nobody's to write: ${JSON.stringify(change.from)} -> ${JSON.stringify(change.to)}`,
        happening.id,
      );
    }
  }

  #isBlind({ side, id, seq, sentAt, at }: Happening, name: string): boolean {
    return this.#world.ledger
      .of(side, id)
      .some(
        (each) => each.seq < seq && each.at >= (sentAt ?? at) - BLIND_MS && each.fields[name] !== undefined,
      );
  }

  /** Q7: nothing is erased on either side. */
  #checkRequest(request: HubRequest): void {
    if (request.method === "DELETE") this.#fail("Q7", `${request.path} was to be deleted`, null);
    const act = actOf(request);
    if (act === null || !isWrite(request)) return;
    const isForeseen = [...this.#docs.values()].some(({ intent }) => intent?.act === act);
    if (!isForeseen) this.#fail("Q8", `${request.method} ${request.path} was not written down before`, null);
  }

  #checkPage({ body, path }: ApiRequest): void {
    const id = path.split("/")[3] ?? "";
    if (body.in_trash === true && !this.#isSecond(id))
      this.#fail("Q7", `${path} was to be put in the trash`, id);
  }

  /** A row of ours for an issue that has another: made before, and out of sight when it was looked for. */
  #isSecond(id: string): boolean {
    const { ledger, workspace } = this.#world;
    const marker = ledger.of("left", id)[0]?.marker ?? null;
    const others = [...workspace.pages()].filter(
      (page) => page.id !== id && page.createdBy === workspace.botId,
    );
    return marker !== null && others.some((page) => ledger.of("left", page.id)[0]?.marker === marker);
  }

  /** Q9: comments of the other side, each once. */
  #checkComments(): void {
    const { comments } = this.#config;
    const { workspace } = this.#world;
    const seen = new Map<string, number>();
    for (const repository of this.#table.hub.state.repositories.values())
      for (const { body, author, issue } of repository.comments) {
        const marker = /<!-- lockstep:1 id=([^ ]*) /.exec(body)?.[1];
        if (author !== HUB_BOT || marker === undefined) continue;
        const key = `${repository.id}/${issue} ${marker}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
    for (const [key, count] of seen) if (count > 1) this.#fail("Q9", `${count} comments say ${key}`, null);
    if (comments === "off" || comments === "github") return;
    for (const link of this.#watch.durable.links.values()) this.#checkCopied(link, workspace);
  }

  #checkCopied({ leftId, rightId, status }: PairLink, workspace: World["workspace"]): void {
    if (leftId === null || rightId === null || status !== "live") return;
    if (this.#world.presence("left", leftId) !== "live") return;
    const [repositoryId, number] = rightId.split("/").map(Number);
    const said = this.#table.hub.state.repositories.get(repositoryId ?? 0)?.comments ?? [];
    const followedAt = this.#commentsFrom.get(String(repositoryId));
    if (followedAt === undefined) return;
    const since = followedAt + SETTLED_MS;
    const copies = workspace.commentsOn(leftId).map(({ text }) => text);
    for (const { issue, author, body, createdAt } of said) {
      if (issue !== number || author === HUB_BOT || Date.parse(createdAt) < since) continue;
      const count = copies.filter((text) => text.includes(body)).length;
      if (count !== 1) this.#fail("Q9", `"${body}" was copied ${count} times`, leftId);
    }
  }

  /** Q11: what a row shows of its pull request is so. */
  #checkShown({ leftId, rightId, status, id }: PairLink): void {
    const doc = this.#docs.get(id);
    if (leftId === null || rightId === null || status !== "live" || doc === undefined) return;
    const world = this.#world;
    if (world.presence("left", leftId) !== "live" || world.presence("right", rightId) !== "live") return;
    const page = world.workspace.page(leftId);
    if (page === undefined) return;
    const known = doc.pull === null ? null : `${rightId.split("/")[0]}/${doc.pull.number}`;
    const truth = known === null ? undefined : this.#table.pulls.get(known)?.at(-1);
    const wanted = truth === undefined ? null : stateWord(truth);
    const shown = this.#shownOn(page, rowFacts.pullState);
    if (shown !== wanted)
      this.#fail("Q11", `the row says that its pull request is ${shown}, and it is ${wanted}`, leftId);
  }

  #shownOn(page: Page, name: string): string | null {
    const property = this.#world.workspace.property(name);
    const value = page.values[property?.id ?? ""];
    if (typeof value !== "string" || value === "") return null;
    return property?.type === "select"
      ? (property.options.find(({ id }) => id === value)?.name ?? null)
      : value;
  }

  #fail(rule: string, message: string, id: string | null): void {
    this.#world.fail(rule, message, id);
  }
}

const SETTLED_MS = 60_000;

/** What a request to GitHub does to a pull request; null: nothing. */
function actOf({ method, path, body }: HubRequest): string | null {
  if (method === "POST" && /\/pulls$/.test(path)) return "open-draft";
  if (method === "PUT" && /\/merge$/.test(path)) return "merge";
  return path === "/graphql" && body.includes("markPullRequestReadyForReview") ? "mark-ready" : null;
}
