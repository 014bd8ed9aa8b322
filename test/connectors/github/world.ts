import type { GitHubClient } from "../../../src/connectors/github/client.ts";
import { createGitHubClient } from "../../../src/connectors/github/client.ts";
import {
  createGitHubConnector,
  type GitHubConnector,
  type GitHubOptions,
} from "../../../src/connectors/github/connector.ts";
import {
  type GitHubEmulator,
  type GitHubEmulatorOptions,
  startGitHubEmulator,
} from "../../../src/emulator/github/github.ts";
import { type ManualClock, manualClock } from "../../engine/manual-clock.ts";

export const REPO = "acme/app";
export const KEY = "a key for tests, and for nothing else";

export interface GitHubWorld extends AsyncDisposable {
  readonly emulator: GitHubEmulator;
  readonly client: GitHubClient;
  readonly connector: GitHubConnector;
  readonly clock: ManualClock;
  readonly repositoryId: number;
  readonly idOf: (number: number) => string;
  /** Another client of the same server, with the clock of this one. */
  readonly clientFor: (token: string) => GitHubClient;
}

/** One repository at the emulator, real octokit in between, one clock for both. */
export async function githubWorld(
  options: {
    readonly emulator?: GitHubEmulatorOptions;
    readonly connector?: Partial<Omit<GitHubOptions, "client" | "clock">>;
  } = {},
): Promise<GitHubWorld> {
  const clock = manualClock();
  const emulator = await startGitHubEmulator({ clock, ...options.emulator });
  const repositoryId = emulator.people.addRepository(REPO);
  const clientFor = (token: string) =>
    createGitHubClient({
      auth: { kind: "token", token },
      baseUrl: emulator.url,
      clock,
      pace: "none",
      retrySecondMs: 1,
      timeoutMs: 10_000,
    });
  const client = clientFor(emulator.token);
  const connector = createGitHubConnector({
    client,
    clock,
    repositories: [REPO],
    markerKeys: [KEY],
    ...options.connector,
  });
  return {
    emulator,
    client,
    connector,
    clock,
    repositoryId,
    clientFor,
    idOf: (number) => `${repositoryId}/${number}`,
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}
