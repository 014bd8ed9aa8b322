import { createGitHubClient, type GitHubClient } from "../../../src/connectors/github/client.ts";
import type { Json } from "../../../src/core/json.ts";
import { type GitHubEmulator, startGitHubEmulator } from "../../../src/emulator/github/github.ts";
import type { GitHubPeople } from "../../../src/emulator/github/people.ts";
import { manualClock } from "../../engine/manual-clock.ts";
import { createHubClient } from "./client.ts";
import { HUB_BOT, HUB_TOKEN, HUB_URL, Hub } from "./hub.ts";

/** GitHub, whoever plays it, as the product's client reaches it, and the people who work there. */
export interface HubSide extends AsyncDisposable {
  readonly client: GitHubClient;
  readonly people: GitHubPeople;
  readonly clientFor: (token: string) => GitHubClient;
  advance(ms: number): void;
  /** An answer without what tells the two apart: addresses. */
  plain(value: unknown): unknown;
}

const SEED = 7;

/** What simulations run on: no socket, and a client on the virtual clock. */
export async function openInProcess(hasGraphql: boolean): Promise<HubSide> {
  const clock = manualClock();
  const hub = new Hub({ now: () => clock.now(), seed: SEED, hasGraphql, isSinceExclusive: false });
  const clientFor = (token: string) =>
    createHubClient({
      clock,
      token,
      baseUrl: HUB_URL,
      timeoutAfter: () => new AbortController().signal,
      pace: "none",
      fetch: async (url, { method = "GET", headers, body } = {}) => {
        const { pathname, search } = new URL(String(url));
        const sent = typeof body === "string" ? body : "";
        const asked = {
          method,
          path: pathname + search,
          headers: Object.fromEntries(new Headers(headers)),
          body: sent,
        };
        const answer = hub.answer(asked);
        const isBare = answer.status === 204 || answer.status === 304;
        return new Response(isBare ? null : answer.text, answer);
      },
    });
  return {
    client: clientFor(HUB_TOKEN),
    people: hub.people,
    clientFor,
    advance: (ms) => clock.advance(ms),
    plain: (value) => without(value, HUB_URL),
    async [Symbol.asyncDispose]() {},
  };
}

/** The emulator's server, which is held to recordings of the real one, and octokit. */
export async function openServer(hasGraphql: boolean): Promise<HubSide> {
  const clock = manualClock();
  const emulator: GitHubEmulator = await startGitHubEmulator({
    clock,
    randomSeed: SEED,
    hasGraphql,
    limit: 1_000_000,
  });
  emulator.people.addToken(HUB_TOKEN, { login: HUB_BOT });
  const clientFor = (token: string) =>
    createGitHubClient({
      auth: { kind: "token", token },
      baseUrl: emulator.url,
      clock,
      pace: "none",
      retrySecondMs: 1,
    });
  return {
    client: clientFor(HUB_TOKEN),
    people: emulator.people,
    clientFor,
    advance: (ms) => clock.advance(ms),
    plain: (value) => without(value, emulator.url),
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}

/** Tags are made of what is answered, addresses included; ids count who was there before. */
const ownKeys = new Set([
  "repositoryId",
  "nodeId",
  "requestId",
  "trace",
  "etag",
  "id",
  "node_id",
  "databaseId",
  "details",
]);

function without(value: unknown, url: string): unknown {
  const text = JSON.stringify(value, (key, each: Json) => (ownKeys.has(key) ? null : each)) ?? "null";
  return JSON.parse(
    text
      .replaceAll(url, "")
      .replaceAll(/\/repositories\/\d+/g, "/repositories/#")
      .replaceAll(/\/avatars\/\d+/g, "/avatars/#")
      .replaceAll(/[0-9a-f]{40}/g, "#"),
  );
}
