/** A repository by its database id, which renaming and moving to another owner leave as it is. */
export interface RepositoryRef {
  readonly repositoryId: number;
}

/** An issue or a pull request: they are numbered together. */
export interface IssueRef extends RepositoryRef {
  readonly number: number;
}

/** A repository as GitHub shows it now. */
export interface Repository extends RepositoryRef {
  /** "owner/name", as it is called now. */
  readonly fullName: string;
  readonly url: string;
  readonly defaultBranch: string;
  readonly hasIssues: boolean;
  readonly isArchived: boolean;
  /** What this token may do, as far as told ("push", "triage"). */
  readonly permissions: ReadonlySet<string>;
}

/**
 * A record's id: "<repository id>/<number>". Database ids survive renames, and the number is what every endpoint asks for; a
 * node id would take GraphQL for each single read, and an issue that is transferred gets another one of either kind.
 */
export function recordIdOf({ repositoryId, number }: IssueRef): string {
  return `${repositoryId}/${number}`;
}

/** null: not an id of ours. */
export function parseRecordId(id: string): IssueRef | null {
  const [, repositoryId, number] = /^(\d{1,15})\/(\d{1,15})$/.exec(id) ?? [];
  if (repositoryId === undefined || number === undefined) return null;
  return { repositoryId: Number(repositoryId), number: Number(number) };
}

/** An API path below the repository. Ids are what GitHub's own redirects and page links name, and no rename touches them. */
export function repositoryPath({ repositoryId }: RepositoryRef, rest = ""): string {
  return `/repositories/${repositoryId}${rest}`;
}
