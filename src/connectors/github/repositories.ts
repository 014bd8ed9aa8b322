import { isJsonObject, type Json } from "../../core/json.ts";
import type { Answer } from "./answer.ts";
import type { GitHubClient } from "./client.ts";
import { accessLost, refusal } from "./errors.ts";
import { textOf } from "./issue.ts";

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
  /** What this token's user may do, as far as told ("push", "triage"). */
  readonly permissions: ReadonlySet<string>;
}

/** Redirects that are followed one after the other. */
const HOPS_MAX = 3;

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

/**
 * An API path below the repository. Ids are what GitHub's own redirects and page links name. A name would not do: once a
 * repository was renamed, its old name may be given to another one.
 */
export function repositoryPath({ repositoryId }: RepositoryRef, rest = ""): string {
  return `/repositories/${repositoryId}${rest}`;
}

/** The configured repositories: their ids by name, learned from a checkpoint or read once. */
export interface Directory {
  readonly names: readonly string[];
  /** What an earlier run knew, which saves asking. */
  learn(idByName: Readonly<Record<string, number>>): void;
  /** In the order of the configuration. */
  ids(signal?: AbortSignal): Promise<readonly number[]>;
  idOf(name: string, signal?: AbortSignal): Promise<number | null>;
  idByName(): Readonly<Record<string, number>>;
  /** Read anew, all of them. Throws ACCESS_LOST when one cannot be read. */
  read(signal?: AbortSignal): Promise<readonly Repository[]>;
}

export function createDirectory(client: GitHubClient, names: readonly string[]): Directory {
  const known = new Map<string, number>();
  const read = async (signal?: AbortSignal) => {
    const all: Repository[] = [];
    for (const name of names) {
      const repository = await readRepository(client, pathOfName(name), {
        what: `repository ${name}`,
        signal,
      });
      known.set(name, repository.repositoryId);
      all.push(repository);
    }
    return all;
  };
  let asking: Promise<unknown> | null = null;
  const demand = async (signal?: AbortSignal) => {
    if (names.every((name) => known.has(name))) return;
    asking ??= read(signal).finally(() => {
      asking = null;
    });
    await asking;
  };
  return {
    names,
    learn(idByName) {
      for (const name of names) {
        const id = idByName[name];
        if (id !== undefined && !known.has(name)) known.set(name, id);
      }
    },
    async ids(signal) {
      await demand(signal);
      return names.flatMap((name) => known.get(name) ?? []);
    },
    async idOf(name, signal) {
      await demand(signal);
      const exact = known.get(name);
      if (exact !== undefined) return exact;
      const alike = names.find((each) => each.toLowerCase() === name.toLowerCase());
      if (alike !== undefined) return known.get(alike) ?? null;
      // Records show the name of today, the configuration perhaps that of yesterday.
      const renamed = (await read(signal)).find(
        ({ fullName }) => fullName.toLowerCase() === name.toLowerCase(),
      );
      return renamed?.repositoryId ?? null;
    },
    idByName: () => Object.fromEntries(known),
    read,
  };
}

function pathOfName(name: string): string {
  return `/repos/${name.split("/").map(encodeURIComponent).join("/")}`;
}

/** One repository, wherever it has moved. Throws ACCESS_LOST. */
export async function readRepository(
  client: GitHubClient,
  path: string,
  { what, signal }: { readonly what: string; readonly signal?: AbortSignal | undefined },
): Promise<Repository> {
  const { answer } = await getFollowing(client, path, { signal });
  const repository = answer.status === 200 ? repositoryIn(answer.body) : null;
  if (repository === null) throw accessLost(refusal(what, answer, { name: "Metadata", access: "read" }));
  return repository;
}

/** A read that goes where GitHub says that the thing has moved, as long as that is the same API. */
export async function getFollowing(
  client: GitHubClient,
  path: string,
  options: Parameters<GitHubClient["get"]>[1],
): Promise<{ readonly answer: Answer; readonly path: string }> {
  let at = path;
  let answer = await client.get(at, options);
  for (let hop = 0; hop < HOPS_MAX && [301, 302, 307, 308].includes(answer.status); hop += 1) {
    const next = answer.location === null ? null : client.pathOf(answer.location);
    if (next === null) break;
    at = next;
    answer = await client.get(at, { signal: options?.signal });
  }
  return { answer, path: at };
}

export function repositoryIn(body: Json): Repository | null {
  if (!isJsonObject(body) || typeof body.id !== "number" || typeof body.full_name !== "string") return null;
  const granted = isJsonObject(body.permissions) ? Object.entries(body.permissions) : [];
  return {
    repositoryId: body.id,
    fullName: body.full_name,
    url: textOf(body.html_url) ?? "",
    defaultBranch: textOf(body.default_branch) ?? "main",
    hasIssues: body.has_issues !== false,
    isArchived: body.archived === true,
    permissions: new Set(granted.flatMap(([name, isGranted]) => (isGranted === true ? [name] : []))),
  };
}
