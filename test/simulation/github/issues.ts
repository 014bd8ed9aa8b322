import type { Json } from "../../../src/core/json.ts";
import { checksOf, statusesOf, verdictsOf } from "../../../src/emulator/github/pull-state.ts";
import type { Issue, Repository } from "../../../src/emulator/github/state.ts";
import { Table, type TableOptions } from "../table.ts";
import type { Hub } from "./hub.ts";

/** What the world is told of an issue: by field, in its own words. */
export type ReadIssue = (issue: Issue, repository: Repository) => Readonly<Record<string, Json>>;

/** A pull request at one moment. */
export interface PullMoment {
  readonly at: number;
  readonly by: "person" | "engine";
  /** When the engine's request left its process. */
  readonly sentAt: number | null;
  readonly number: number;
  readonly state: "open" | "closed" | "merged";
  readonly isDraft: boolean;
  readonly isDirty: boolean;
  readonly head: string;
  readonly branch: string;
  readonly checks: Readonly<Record<string, "passing" | "pending" | "failing">>;
  readonly required: readonly string[];
  readonly requiredReviews: number;
  readonly verdicts: Readonly<Record<string, string>>;
}

export interface IssueTableOptions extends Omit<TableOptions, "columns"> {
  readonly hub: Hub;
  readonly read: ReadIssue;
  /** How long lists do not show a change (ms); asked once per change. */
  readonly listLagMs: () => number;
}

const BOT = "lockstep";
const tombstone = /<!-- lockstep:1 [^<>]* trashed=[^<>]*-->/;

/** GitHub's issues as rows: what is done in the hub is noted here as it happens. A row's id is the connector's record id. */
export class IssueTable extends Table {
  readonly hub: Hub;
  /** By "repository/number", in their order. */
  readonly pulls = new Map<string, PullMoment[]>();
  readonly #options: IssueTableOptions;
  readonly #shown = new Map<string, string>();
  readonly #tombstones = new Map<string, string>();
  #onPull: (id: string, now: PullMoment, before: PullMoment | null) => void = () => {};

  constructor(options: IssueTableOptions) {
    super({ ...options, columns: [] });
    this.#options = options;
    this.hub = options.hub;
  }

  /** Told of every change of a pull request. */
  watchPulls(listener: (id: string, now: PullMoment, before: PullMoment | null) => void): void {
    this.#onPull = listener;
  }

  issue(id: string): Issue | null {
    const [repositoryId, number] = id.split("/");
    return this.hub.state.repositories.get(Number(repositoryId))?.issues.get(Number(number)) ?? null;
  }

  /** Notes whatever is not as it was last noted. `sentAt` null: a person did it. */
  mirror(sentAt: number | null): void {
    const all = [...this.hub.state.repositories.values()].flatMap((repository) =>
      [...repository.issues.values()].map((issue) => ({ issue, repository })),
    );
    // A merge closes its issue, and comes first.
    for (const at of all) if (at.issue.pull !== null) this.#notePull(idOf(at), { ...at, sentAt });
    for (const at of all)
      if (at.issue.pull === null) this.#noteIssue(idOf(at), { ...at, isOurs: sentAt !== null });
    for (const row of this.rows())
      if (!row.isOut && this.issue(row.id) === null)
        super.change(row.id, { isOut: true }, sentAt === null ? "person" : BOT);
  }

  #noteIssue(
    id: string,
    { issue, repository, isOurs }: { issue: Issue; repository: Repository; isOurs: boolean },
  ): void {
    const values = this.#options.read(issue, repository);
    const isDeleted = this.#isTombstone(id, issue, isOurs);
    const shown = JSON.stringify([values, isDeleted, issue.updatedAt]);
    const before = this.#shown.get(id);
    if (before === shown) return;
    this.#shown.set(id, shown);
    issue.listedFrom = this.now() + this.#options.listLagMs();
    const by = isOurs ? BOT : "person";
    if (before !== undefined) super.change(id, { values, isDeleted }, by);
    else this.keep(id, { values, by, marker: isOurs ? markerIn(issue.body ?? "") : null });
  }

  /** We closed it in place of deleting it, and nobody has opened it or taken that word off since. */
  #isTombstone(id: string, { state, reason, body }: Issue, isOurs: boolean): boolean {
    const isClosedSo = state === "closed" && reason === "not_planned";
    if (!isClosedSo) this.#tombstones.delete(id);
    if (!isClosedSo) return false;
    const [made] = isOurs ? (tombstone.exec(body ?? "") ?? []) : [];
    const before = this.#tombstones.get(id);
    const stands = (mark: string | undefined) => mark !== undefined && (body ?? "").includes(mark);
    // One of ours that was sent before may come after.
    if (made !== undefined && !stands(before)) this.#tombstones.set(id, made);
    return stands(this.#tombstones.get(id));
  }

  #notePull(
    id: string,
    { issue, repository, sentAt }: { issue: Issue; repository: Repository; sentAt: number | null },
  ): void {
    const { pull } = issue;
    if (pull === null) return;
    const protection = repository.protections.get(pull.base);
    const checks: Record<string, "passing" | "pending" | "failing"> = {};
    for (const { name, status, conclusion } of checksOf(repository, pull.headSha))
      checks[name] = status !== "completed" ? "pending" : conclusion === "success" ? "passing" : "failing";
    for (const { context, state } of statusesOf(repository, pull.headSha))
      checks[context] = state === "success" ? "passing" : state === "pending" ? "pending" : "failing";
    const moment: Omit<PullMoment, "at" | "by" | "sentAt"> = {
      number: issue.number,
      state: pull.mergedAt !== null ? "merged" : issue.state,
      isDraft: pull.isDraft,
      isDirty: pull.isDirty,
      head: pull.headSha,
      branch: pull.head,
      checks,
      required: protection?.requiredChecks ?? [],
      requiredReviews: protection?.requiredReviews ?? 0,
      verdicts: Object.fromEntries(verdictsOf(Object.assign(issue, { pull }))),
    };
    const shown = JSON.stringify(moment);
    if (this.#shown.get(id) === shown) return;
    this.#shown.set(id, shown);
    const all = this.pulls.get(id) ?? [];
    const before = all.at(-1) ?? null;
    const now = { ...moment, at: this.now(), by: sentAt === null ? "person" : "engine", sentAt } as const;
    this.pulls.set(id, [...all, now]);
    this.#onPull(id, now, before);
  }
}

function idOf({ issue, repository }: { readonly issue: Issue; readonly repository: Repository }): string {
  return `${repository.id}/${issue.number}`;
}

/** The page that a body says its issue was made for, whether that is to be believed or not. */
export function markerIn(body: string): string | null {
  const id = /<!-- lockstep:1 id=([^ <>]*) /.exec(body)?.[1];
  return id === undefined ? null : decodeURIComponent(id);
}
