import type { PullRequests } from "../connectors/github/pull-requests.ts";
import type { IssueRef } from "../connectors/github/repositories.ts";
import { createNotionClient, type NotionClient } from "../connectors/notion/client.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { branchPrefix, isBranchOf } from "../recipes/planning/pulls/branch.ts";
import type { FollowDoc } from "./planning-ledger.ts";
import { refOf } from "./planning-pulls.ts";
import type { Followed, StepParts } from "./planning-step.ts";

/** A branch that is not there yet is looked for again after this long, or when the row or the repository is heard of (ms). */
const lookAgainMs = 300_000;

/** Finds the branch that a pull request is to be opened for. */
export class BranchFinder {
  private readonly parts: StepParts;
  private readonly client: PullRequests;
  private readonly notion: NotionClient;
  private isPushed = false;

  constructor(parts: StepParts, client: PullRequests) {
    this.parts = parts;
    this.client = client;
    this.notion = createNotionClient({ http: parts.access.connect().http });
  }

  /** Something was pushed: a branch that was waited for may be there. */
  told(tokens: ReadonlySet<string>): void {
    this.isPushed ||= tokens.size > 0;
  }

  /** Asks only where a review waits for it: at a new status, after an edit of the row, or after a while. */
  async search(
    { pair, doc, issueId, pageId }: Followed,
    status: string | null,
  ): Promise<{ readonly doc: FollowDoc; readonly hasBranch: boolean }> {
    const { pulls } = this.parts.config;
    const isWanted =
      pulls?.review.includes(status ?? "") === true && isActedOn(doc) && doc.facts.pullState === null;
    if (!isWanted) return { doc, hasBranch: false };
    const now = this.parts.deps.clock.now();
    const rowRevision = pair.doc.seen.left?.revision ?? null;
    const isLooked = doc.rowRevision === rowRevision && now < doc.lookAt && !this.isPushed;
    if (isLooked && doc.intent === null) return { doc, hasBranch: false };
    const ref = refOf(issueId);
    const named = await this.namedOn(pageId, pulls?.branchProperty ?? "");
    const branch = named === null ? await this.ownOf(ref) : await this.existing(ref, named);
    const looked = { ...doc, rowRevision, lookAt: now + lookAgainMs };
    return { doc: { ...looked, branch: branch ?? named }, hasBranch: branch !== null };
  }

  private async existing(ref: { readonly repositoryId: number }, name: string): Promise<string | null> {
    return (await this.client.branch(ref, name, this.parts.signal))?.name ?? null;
  }

  /** By the naming pattern, or else the one that people linked to the issue. */
  private async ownOf(ref: IssueRef): Promise<string | null> {
    const pattern = this.parts.config.pulls?.branchPattern ?? "";
    const prefix = branchPrefix(pattern, ref.number);
    const begun = prefix === "" ? [] : await this.client.branchesWithPrefix(ref, prefix, this.parts.signal);
    const named = begun.find(({ name }) => isBranchOf(pattern, name, ref.number))?.name;
    return named ?? (await this.client.linkedBranches(ref, this.parts.signal))[0] ?? null;
  }

  /** What a person wrote into the row's property; null: nothing, or there is no such property. */
  private async namedOn(pageId: string, property: string): Promise<string | null> {
    const found = await this.notion.page(pageId, this.parts.signal);
    const properties = "object" in found ? found.object.properties : null;
    const value: Json | undefined = isJsonObject(properties) ? properties[property] : undefined;
    const items = isJsonObject(value) && Array.isArray(value.rich_text) ? value.rich_text : [];
    const text = items
      .map((item: Json) => (isJsonObject(item) ? String(item.plain_text ?? "") : ""))
      .join("")
      .trim();
    return text === "" ? null : text;
  }
}

/** A status that a person set on the row, since the sync was accepted. */
function isActedOn({ isArmed, isRelayed }: FollowDoc): boolean {
  return isArmed && !isRelayed;
}
