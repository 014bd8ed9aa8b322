import { createPeople, type GitHubPeople } from "../../../src/emulator/github/people.ts";
import { answerTo, type GitHubService } from "../../../src/emulator/github/serve.ts";
import { createGitHubState, type GitHubState } from "../../../src/emulator/github/state.ts";
import { createFaults } from "../../../src/emulator/http/faults.ts";
import type { JsonObject } from "../../../src/emulator/json.ts";
import { createRandom } from "../../../src/emulator/state/random.ts";

/** Obviously none; no trace, error or version may ever hold it. */
export const HUB_TOKEN = "ghp_dummy_simulated";
/** Whom the sync writes as. */
export const HUB_BOT = "lockstep-bot";
export const HUB_URL = "https://api.github.com";
const NO_LIMIT = 1_000_000;

export interface HubOptions {
  readonly now: () => number;
  readonly seed: number;
  readonly hasGraphql: boolean;
  readonly isSinceExclusive: boolean;
}

/** A request without its socket. */
export interface HubRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; "": none. */
  readonly body: string;
}

export interface HubAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The emulated GitHub without its server: the very state, routes and people that the HTTP emulator answers with. No time passes in here. */
export class Hub {
  readonly state: GitHubState;
  readonly people: GitHubPeople;
  readonly #service: GitHubService;

  constructor({ now, seed, hasGraphql, isSinceExclusive }: HubOptions) {
    this.state = createGitHubState(now, seed);
    this.state.isSinceExclusive = isSinceExclusive;
    this.people = createPeople(this.state);
    this.people.addToken(HUB_TOKEN, { login: HUB_BOT });
    this.#service = {
      state: this.state,
      renderer: { state: this.state, url: HUB_URL },
      faults: createFaults(createRandom(seed), []),
      hasGraphql,
      limit: NO_LIMIT,
      used: new Map(),
      record: () => {},
    };
  }

  answer({ method, path, headers, body }: HubRequest): HubAnswer {
    const parsed: JsonObject = body === "" ? {} : JSON.parse(body);
    return answerTo(this.#service, { method, headers }, { url: new URL(path, HUB_URL), body: parsed });
  }

  get renderer() {
    return this.#service.renderer;
  }

  /** What people do through GitHub's own pages, where the emulator knows no other way. */
  askAs(login: string, method: string, path: string, body: JsonObject = {}): HubAnswer {
    const token = `ghp_dummy_${login}`;
    if (!this.state.tokens.has(token)) this.people.addToken(token, { login });
    const headers = { authorization: `Bearer ${token}` };
    return this.answer({ method, path, headers, body: JSON.stringify(body) });
  }
}
