import type { Asked, AskOptions } from "./pull-requests.ts";
import type { IssueRef, RepositoryRef } from "./repositories.ts";

export interface IssueComment {
  readonly id: number;
  readonly issue: IssueRef;
  /** Without Lockstep's marker. */
  readonly body: string;
  readonly author: string | null;
  readonly url: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The marker it was made with, when we made it and nobody forged it; null: somebody else's. */
  readonly marker: string | null;
}

export interface Comments {
  /** Comments of a whole repository that were made or edited since (ISO 8601), oldest edit first; pull requests' too. */
  listSince(repository: RepositoryRef, since: string, signal?: AbortSignal): Promise<readonly IssueComment[]>;
  list(issue: IssueRef, signal?: AbortSignal): Promise<readonly IssueComment[]>;
  /**
   * Once for each marker: what is there already is found first (`already`). After a doubt, ask again with the same marker.
   */
  create(
    issue: IssueRef,
    input: { readonly marker: string; readonly body: string },
    options: AskOptions,
  ): Promise<Asked<IssueComment>>;
}
