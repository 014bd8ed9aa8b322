import type { Config } from "../config/config.ts";
import { createNotionClient, type NotionClient } from "../connectors/notion/client.ts";
import type { Clock, Ids } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import { createBreaker } from "../http/breaker.ts";
import { createHttpClient, type HttpClient, type HttpStats } from "../http/client.ts";
import { createPacer, type Pacer } from "../http/pacer.ts";

const notionUrl = "https://api.notion.com";

/** One caller's way to Notion, with counts of its own. */
export interface NotionConnection {
  readonly http: HttpClient;
  readonly client: NotionClient;
  readonly stats: () => HttpStats;
}

/** The way to Notion of this process. */
export interface NotionAccess {
  /** Throws SECRET_MISSING without a token. */
  connect(): NotionConnection;
}

export interface NotionCredentials {
  readonly token: string | null;
  /** Where Notion's API is; null: Notion itself. */
  readonly baseUrl: string | null;
}

/** One budget and one breaker for everything that uses this token in this process. `shared`: a budget of several processes. */
export function createNotionAccess(
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
  config: Pick<Config, "notion">,
  { token, baseUrl }: NotionCredentials,
  shared?: Pacer,
): NotionAccess {
  const pacer = shared ?? createPacer({ clock, ratePerMinute: config.notion.ratePerMinute });
  const breaker = createBreaker({ clock, service: "Notion" });
  return {
    connect() {
      const http = createHttpClient({
        service: "Notion",
        baseUrl: (baseUrl ?? notionUrl).replace(/\/+$/, ""),
        headers: headersFor(token),
        clock,
        random: ids.random,
        pacer,
        breaker,
        timeoutMs: config.notion.timeoutMs,
      });
      return { http, client: createNotionClient({ http }), stats: () => http.stats() };
    },
  };
}

function headersFor(token: string | null): Record<string, string> {
  if (token === null) {
    throw new LockstepError(
      "SECRET_MISSING",
      "NOTION_TOKEN is not set. Make a connection at https://www.notion.so/profile/integrations, share the databases " +
        "with it, and put its secret into the environment: NOTION_TOKEN=ntn_… lockstep sync",
    );
  }
  return { authorization: `Bearer ${token}` };
}
