import type { NotionAccess } from "../../src/app/notion-access.ts";
import { createNotionClient } from "../../src/connectors/notion/client.ts";
import type { Ids } from "../../src/core/clock.ts";
import { createBreaker } from "../../src/http/breaker.ts";
import { createHttpClient, type Fetch } from "../../src/http/client.ts";
import { createPacer } from "../../src/http/pacer.ts";
import type { Machine } from "./machine.ts";
import type { Options } from "./options.ts";

/** Obviously none; no trace, error or version may ever hold it. */
export const TOKEN = "ntn_dummy_simulated";

/** What of a world a process reaches Notion through. */
interface NotionWorld {
  readonly options: Pick<Options, "ratePerMinute">;
  readonly transport: { fetchFor(machine: Machine): Fetch };
}

/** The product's own way to Notion, over the simulated network and by the process's own clock. */
export function notionAccess(
  { world, ids }: { readonly world: NotionWorld; readonly ids: Ids },
  machine: Machine,
): NotionAccess {
  const { clock } = machine;
  const pacer = createPacer({ clock, ratePerMinute: world.options.ratePerMinute ?? 100_000 });
  const breaker = createBreaker({ clock, service: "Notion" });
  return {
    connect() {
      const http = createHttpClient({
        service: "Notion",
        baseUrl: "https://api.notion.com",
        headers: { authorization: `Bearer ${TOKEN}` },
        clock,
        random: () => ids.random(),
        pacer,
        breaker,
        fetch: world.transport.fetchFor(machine),
      });
      return { http, client: createNotionClient({ http }), stats: () => http.stats() };
    },
  };
}
