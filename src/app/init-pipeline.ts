import type { Config, PipelineConfig, Secrets } from "../config/config.ts";
import { createNotionAccess } from "./notion-access.ts";
import { type PipelineSetup, provideChannels, setUpPipeline } from "./pipeline-setup.ts";
import { isOwnerDead, processOwner, systemClock, systemIds } from "./platform.ts";
import { openStore } from "./stores.ts";

const notionUrl = "https://api.notion.com";

export interface InitPipelineRequest {
  readonly config: Config;
  readonly pipeline: PipelineConfig;
  readonly secrets: Secrets;
  /** Where Notion's API is; null: Notion itself. */
  readonly baseUrl: string | null;
  readonly signal?: AbortSignal;
}

export interface InitPipelineReport {
  readonly setup: PipelineSetup;
  readonly channels: { readonly isNew: boolean };
}

/** Makes or completes everything that a pipeline needs. Throws SECRET_MISSING, SCHEMA_DRIFT and what Notion refuses. */
export async function initPipeline(request: InitPipelineRequest): Promise<InitPipelineReport> {
  const { config, pipeline, secrets, baseUrl, signal } = request;
  const platform = { clock: systemClock, ids: systemIds };
  const credentials = { token: secrets.notionToken, baseUrl: baseUrl ?? notionUrl };
  const { http } = createNotionAccess(platform, config, credentials).connect();
  const channels = await provideChannels(pipeline.channelsFolder);
  await using store = await openStore(config.store, { ids: systemIds, isReadOnly: false });
  const deps = { ...platform, store, owner: processOwner(), isDead: isOwnerDead };
  return { channels, setup: await setUpPipeline({ deps, http, pipeline, secrets, signal }) };
}
