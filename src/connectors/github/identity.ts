import { isJsonObject, type Json } from "../../core/json.ts";
import type { GitHubClient } from "./client.ts";
import { accessLost, refusal } from "./errors.ts";
import { textOf } from "./issue.ts";

/** Who writes when we write. */
export interface Identity {
  readonly login: string;
  /** An App or a workflow, named with "[bot]". */
  readonly isBot: boolean;
}

/** The user or App that the token acts as. A workflow's own token may not ask for its user, and GraphQL tells it all the same. */
export async function readIdentity(client: GitHubClient, signal?: AbortSignal): Promise<Identity> {
  if (client.auth === "app") {
    const answer = await client.get("/app", { signal });
    const slug = isJsonObject(answer.body) ? textOf(answer.body.slug) : null;
    if (answer.status === 200 && slug !== null) return { login: `${slug}[bot]`, isBot: true };
    throw accessLost(refusal("the App that this key belongs to", answer), "Nothing was written.");
  }
  const answer = await client.get("/user", { signal });
  const login = isJsonObject(answer.body) ? textOf(answer.body.login) : null;
  if (answer.status === 200 && login !== null) return { login, isBot: login.endsWith("[bot]") };
  const viewer = answer.status === 403 ? await readViewer(client, signal) : null;
  if (viewer !== null) return { login: viewer, isBot: viewer.endsWith("[bot]") };
  throw accessLost(refusal("the user of this token", answer), "Nothing was written.");
}

async function readViewer(client: GitHubClient, signal: AbortSignal | undefined): Promise<string | null> {
  const { body } = await client.query("query { viewer { login } }", {}, signal);
  const viewer = memberOf(memberOf(body, "data"), "viewer");
  return textOf(memberOf(viewer, "login"));
}

export function memberOf(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}
