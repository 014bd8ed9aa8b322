import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { GitHubClient } from "./client.ts";
import type { Named } from "./issue.ts";
import { listAll } from "./milestones.ts";
import { outcomeOf } from "./outcome.ts";
import { type Repository, repositoryPath } from "./repositories.ts";

/** A label as it should be. Colour: six hex digits without "#". */
export interface LabelWish {
  readonly name: string;
  readonly color?: string;
  readonly description?: string;
}

export async function listLabels(
  client: GitHubClient,
  repositoryId: number,
  signal?: AbortSignal,
): Promise<readonly Named[]> {
  const path = repositoryPath({ repositoryId }, "/labels?per_page=100");
  const all = await listAll(client, path, "the labels of the repository", signal);
  return all.flatMap((each) => labelIn(each) ?? []);
}

function labelIn(value: Json): Named | null {
  return isJsonObject(value) && typeof value.name === "string"
    ? { id: String(value.id), name: value.name }
    : null;
}

/** Makes what is missing; names that differ in case alone are one label. Throws what GitHub refused. */
export async function ensureLabels(
  client: GitHubClient,
  target: { readonly repositories: readonly Repository[]; readonly labels: readonly LabelWish[] },
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const { repositoryId, fullName } of target.repositories) {
    const there = new Set(
      (await listLabels(client, repositoryId, signal)).map(({ name }) => name.toLowerCase()),
    );
    for (const { name, color, description } of target.labels) {
      if (there.has(name.toLowerCase())) continue;
      const body = {
        name,
        ...(color === undefined ? {} : { color }),
        ...(description === undefined ? {} : { description }),
      };
      const sent = await client.send({
        method: "POST",
        path: repositoryPath({ repositoryId }, "/labels"),
        body,
        signal,
      });
      const what = `the new label "${name}" of ${fullName}`;
      const outcome = outcomeOf({ what, isNew: true, right: { name: "Issues", access: "write" } }, sent);
      if ("kind" in outcome && !(await isThere(client, repositoryId, name, signal))) {
        const reason = "message" in outcome ? outcome.message : "it did not appear";
        throw new LockstepError("GITHUB_REFUSED", `Tried to make ${what}: ${reason}`);
      }
      made.push(`${fullName}: ${name}`);
    }
  }
  return made;
}

async function isThere(
  client: GitHubClient,
  repositoryId: number,
  name: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const all = await listLabels(client, repositoryId, signal);
  return all.some((label) => label.name.toLowerCase() === name.toLowerCase());
}
