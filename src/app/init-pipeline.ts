import type { PipelineConfig } from "../config/config.ts";
import { type InitRequest, openInitWorld } from "./init-world.ts";
import { type PipelineSetup, provideChannels, setUpPipeline } from "./pipeline-setup.ts";

export interface InitPipelineRequest extends InitRequest {
  readonly pipeline: PipelineConfig;
}

export interface InitPipelineReport {
  readonly setup: PipelineSetup;
  readonly channels: { readonly isNew: boolean };
}

/** Makes or completes everything that a pipeline needs. Throws SECRET_MISSING, SCHEMA_DRIFT and what Notion refuses. */
export async function initPipeline(request: InitPipelineRequest): Promise<InitPipelineReport> {
  const { pipeline, secrets, signal } = request;
  await using world = await openInitWorld(request);
  const channels = await provideChannels(pipeline.channelsFolder);
  return { channels, setup: await setUpPipeline({ ...world, pipeline, secrets, signal }) };
}
