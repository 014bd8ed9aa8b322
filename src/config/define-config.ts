import type { ConfigFile } from "./schema.ts";

/** Gives `lockstep.config.ts` its types. Returns what it was given; checking happens when the file is loaded. */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}
