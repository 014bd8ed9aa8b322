import type { Config, Secrets } from "../config/config.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { HttpClient } from "../http/client.ts";
import { createNotionAccess } from "./notion-access.ts";
import { isOwnerDead, processOwner, systemClock, systemIds } from "./platform.ts";
import { openStore } from "./stores.ts";

/** What setting up a recipe is asked with, beside its own section. */
export interface InitRequest {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Where Notion's API is; null: Notion itself. */
  readonly baseUrl: string | null;
  readonly signal?: AbortSignal;
}

/** What it works with. */
export interface InitWorld extends AsyncDisposable {
  readonly deps: EngineDeps;
  readonly http: HttpClient;
}

/** Throws SECRET_MISSING without a token. */
export async function openInitWorld({ config, secrets, baseUrl }: InitRequest): Promise<InitWorld> {
  const platform = { clock: systemClock, ids: systemIds };
  const { http } = createNotionAccess(platform, config, { token: secrets.notionToken, baseUrl }).connect();
  const store = await openStore(config.store, { ids: systemIds, isReadOnly: false });
  const deps = { ...platform, store, owner: processOwner(), isDead: isOwnerDead };
  return { deps, http, [Symbol.asyncDispose]: () => store.close() };
}
