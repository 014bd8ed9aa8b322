import type { GitHubSecrets } from "../config/config.ts";
import { createGitHubClient, type GitHubClient } from "../connectors/github/client.ts";
import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";

/** The way to GitHub of this process: one budget for everything that uses this token. */
export interface GitHubAccess {
  /** Throws SECRET_MISSING without a token or an app. */
  connect(): GitHubClient;
}

export function createGitHubAccess(
  { clock }: { readonly clock: Clock },
  { auth }: Pick<GitHubSecrets, "auth">,
  baseUrl: string | null,
): GitHubAccess {
  let client: GitHubClient | null = null;
  return {
    connect() {
      if (auth === null) {
        throw new LockstepError(
          "SECRET_MISSING",
          "GITHUB_TOKEN is not set. Make a fine-grained token for your repositories at https://github.com/settings/tokens, " +
            "or install an app and set GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATION_ID.",
        );
      }
      client ??= createGitHubClient({
        auth,
        clock,
        ...(baseUrl === null ? {} : { baseUrl }),
        pace: isOnThisMachine(baseUrl) ? "none" : "github",
      });
      return client;
    },
  };
}

/** A stand-in asks nobody to write slowly. */
function isOnThisMachine(baseUrl: string | null): boolean {
  return baseUrl !== null && ["localhost", "127.0.0.1", "[::1]"].includes(new URL(baseUrl).hostname);
}
