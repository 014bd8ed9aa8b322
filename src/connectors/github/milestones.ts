import { isJsonObject, type Json } from "../../core/json.ts";
import type { GitHubClient } from "./client.ts";
import { accessLost, refusal } from "./errors.ts";
import type { Named } from "./issue.ts";
import { repositoryPath } from "./repositories.ts";

export interface Milestone extends Named {
  readonly number: number;
}

/** Milestones and labels of a repository at most; far more than anybody chooses from. */
const PAGES_MAX = 20;

/** A whole small list of a repository ("/labels"), page by page. Throws ACCESS_LOST. */
export async function listAll(
  client: GitHubClient,
  path: string,
  what: string,
  signal?: AbortSignal,
): Promise<readonly Json[]> {
  const all: Json[] = [];
  let next: string | null = path;
  for (let page = 0; next !== null && page < PAGES_MAX; page += 1) {
    const answer: Awaited<ReturnType<GitHubClient["get"]>> = await client.get(next, { signal });
    if (answer.status !== 200 || !Array.isArray(answer.body)) throw accessLost(refusal(what, answer));
    all.push(...answer.body);
    next = answer.next === null ? null : client.pathOf(answer.next);
  }
  return all;
}

/** Open ones and closed ones. */
export async function listMilestones(
  client: GitHubClient,
  repositoryId: number,
  signal?: AbortSignal,
): Promise<readonly Milestone[]> {
  const path = repositoryPath({ repositoryId }, "/milestones?state=all&per_page=100");
  const all = await listAll(client, path, "the milestones of the repository", signal);
  return all.flatMap((each) => milestoneIn(each) ?? []);
}

function milestoneIn(value: Json): Milestone | null {
  if (!isJsonObject(value) || typeof value.number !== "number" || typeof value.title !== "string")
    return null;
  return { id: String(value.id), name: value.title, number: value.number };
}

/** Numbers of milestones by title, read once for each repository and again when a title is not among them. */
export interface Milestones {
  /** null: there is none of that title, and none was made. */
  numberOf(repositoryId: number, title: string, signal?: AbortSignal): Promise<number | null>;
}

export function createMilestones(client: GitHubClient, canMake: boolean): Milestones {
  const known = new Map<number, readonly Milestone[]>();
  const read = async (repositoryId: number, signal?: AbortSignal) => {
    const all = await listMilestones(client, repositoryId, signal);
    known.set(repositoryId, all);
    return all;
  };
  return {
    async numberOf(repositoryId, title, signal) {
      const found =
        among(known.get(repositoryId) ?? [], title) ?? among(await read(repositoryId, signal), title);
      if (found !== null || !canMake) return found;
      await client.send({
        method: "POST",
        path: repositoryPath({ repositoryId }, "/milestones"),
        body: { title },
        signal,
      });
      // Whatever the answer was: what counts is whether it is there now.
      return among(await read(repositoryId, signal), title);
    },
  };
}

function among(all: readonly Milestone[], title: string): number | null {
  const exact = all.find(({ name }) => name === title);
  const alike = all.filter(({ name }) => name.toLowerCase() === title.toLowerCase());
  return (exact ?? (alike.length === 1 ? alike[0] : undefined))?.number ?? null;
}
