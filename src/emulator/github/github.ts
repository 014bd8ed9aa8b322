import { createServer } from "node:http";
import { type CallLog, createCallLog } from "../http/calls.ts";
import { createFaults, type FaultRule, type Faults } from "../http/faults.ts";
import { answerBug, closeServer, listen } from "../http/listen.ts";
import { createSettableClock, type EmulatorClock, type SettableClock } from "../state/clock.ts";
import { createRandom } from "../state/random.ts";
import { createPeople, type GitHubPeople } from "./people.ts";
import { answerGitHub } from "./serve.ts";
import { createGitHubState } from "./state.ts";
import { createGitHubWebhooks, type GitHubWebhooks } from "./webhooks.ts";

export interface GitHubEmulatorOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Wall milliseconds; without it a clock of its own. */
  readonly clock?: EmulatorClock;
  /** Its own clock stands still there until it is moved. */
  readonly fixedAt?: number;
  readonly randomSeed?: number;
  /** Of the user "octocat", with every right but administration. */
  readonly token?: string;
  /** Requests an hour for each token; 304s do not count. */
  readonly limit?: number;
  /** False: a server without GraphQL. */
  readonly hasGraphql?: boolean;
  /** "Changed since" leaves out what changed in that very second. Which way GitHub takes it is not documented. */
  readonly isSinceExclusive?: boolean;
  readonly faults?: readonly FaultRule[];
}

/** GitHub's REST and GraphQL APIs on localhost, as far as issues and pull requests go. */
export interface GitHubEmulator {
  readonly url: string;
  readonly token: string;
  readonly people: GitHubPeople;
  readonly calls: CallLog;
  readonly faults: Faults;
  readonly webhooks: GitHubWebhooks;
  /** Null when a clock was given. */
  readonly clock: SettableClock | null;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const defaults = { token: "ghp_emulator_dummy", limit: 5_000, randomSeed: 1 } as const;
const faultSeed = 0x666c74;
const webhookSeed = 0x776562;

/** Starts GitHub on a local port. Rejects when the port is taken. */
export async function startGitHubEmulator(options: GitHubEmulatorOptions = {}): Promise<GitHubEmulator> {
  const { token = defaults.token, randomSeed = defaults.randomSeed } = options;
  const own = options.clock === undefined ? createSettableClock(Date.now, options.fixedAt ?? null) : null;
  const clock = options.clock ?? own;
  const state = createGitHubState(() => clock?.now() ?? Date.now(), randomSeed);
  state.isSinceExclusive = options.isSinceExclusive ?? false;
  const people = createPeople(state);
  people.addToken(token);
  const faults = createFaults(createRandom(randomSeed ^ faultSeed), options.faults ?? []);
  const calls = createCallLog();
  const webhookRandom = createRandom(randomSeed ^ webhookSeed);
  const renderer = { state, url: "" };
  const webhooks = createGitHubWebhooks({ renderer, random: webhookRandom, nextFault: faults.nextDelivery });
  const service = {
    state,
    renderer,
    faults,
    hasGraphql: options.hasGraphql ?? true,
    limit: options.limit ?? defaults.limit,
    used: new Map<string, number>(),
    record: calls.add,
  };
  const server = createServer((request, response) => {
    answerGitHub(service, request, response).catch((error: unknown) => answerBug(error, request, response));
  });
  const port = await listen(server, options.port ?? 0, "127.0.0.1");
  renderer.url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    webhooks.close();
    await closeServer(server);
  };
  return {
    url: renderer.url,
    token,
    people,
    calls,
    faults,
    webhooks,
    clock: own,
    close,
    [Symbol.asyncDispose]: close,
  };
}
