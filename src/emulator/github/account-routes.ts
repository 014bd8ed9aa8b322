import { type Call, ok, Refusal, type Reply } from "./call.ts";
import { type Renderer, repositoryJson, userJson } from "./render.ts";
import type { GitHubState, RightName } from "./state.ts";

interface AppRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly renderer: Renderer;
}

/** What an App asks with its own signed word; null: something else. The word itself is not verified here. */
export function appReply(
  state: GitHubState,
  { method, path, authorization, renderer }: AppRequest,
): Reply | null {
  const appId = appIdIn(authorization);
  const app = appId === null ? undefined : state.apps.get(appId);
  if (app === undefined) return null;
  const permissions = Object.fromEntries(app.rights);
  if (method === "GET" && path === "/app")
    return ok({ id: Number(app.id), slug: app.slug, name: app.slug, permissions, events: [] });
  const installation = { id: app.installationId, app_id: Number(app.id), permissions };
  if (method === "GET" && /^\/repos\/[^/]+\/[^/]+\/installation$/.test(path)) return ok(installation);
  if (method !== "POST" || path !== `/app/installations/${app.installationId}/access_tokens`)
    throw new Refusal(404, "Not Found");
  const token = `ghs_${state.random.token(36)}`;
  const rights = new Map<RightName, "read" | "write">(app.rights);
  state.tokens.set(token, {
    login: `${app.slug}[bot]`,
    repositories: app.repositories,
    rights,
    isInstallation: true,
  });
  const repositories = [...(app.repositories ?? [])].flatMap((id) => {
    const repository = state.repositories.get(id);
    return repository === undefined ? [] : [repositoryJson(renderer, repository, null)];
  });
  return {
    status: 201,
    body: {
      token,
      expires_at: new Date(state.now() + 3_600_000).toISOString(),
      permissions,
      repository_selection: app.repositories === null ? "all" : "selected",
      repositories,
    },
  };
}

export function userReply({ token, renderer }: Call): Reply {
  if (token.isInstallation) throw new Refusal(403, "Resource not accessible by integration");
  return ok(userJson(renderer, token.login));
}

/** The issuer of a signed word; null: it is no such word. */
function appIdIn(authorization: string | undefined): string | null {
  const [, payload] = /^bearer [^.]+\.([^.]+)\.[^.]+$/i.exec(authorization ?? "") ?? [];
  if (payload === undefined) return null;
  const parsed: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  const issuer = typeof parsed === "object" && parsed !== null && "iss" in parsed ? parsed.iss : null;
  return issuer === null ? null : String(issuer);
}
