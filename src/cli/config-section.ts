import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { configFileNames, readConfigFile } from "../config/load.ts";
import { resolveConfig } from "../config/resolve.ts";
import { LockstepError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { CommandContext } from "./command.ts";

type JsonObject = { readonly [key: string]: Json };

/** Recipes that have a section of their own in the configuration. */
export type SectionKey = "library" | "pipeline" | "planning";

/** A recipe's section as `init` finds it. */
export interface OpenedSection<K extends SectionKey> {
  readonly key: K;
  /** Absolute; it need not be there yet. */
  readonly file: string;
  /** All that is written in the file. */
  readonly written: JsonObject;
  /** What is written of the recipe, or is to be. */
  readonly section: JsonObject;
  readonly config: Config;
  readonly recipe: NonNullable<Config[K]>;
}

/**
 * Reads and checks the configuration that `--config` names, or else the one in the working directory; `draft` says what to
 * begin with where the section is not there yet. Throws CONFIG_INVALID.
 */
export async function openSection<K extends SectionKey>(
  { io, flags }: CommandContext,
  key: K,
  draft: () => JsonObject,
): Promise<OpenedSection<K>> {
  const file = fileOf(io.cwd, flags.config);
  const written = existsSync(file) ? objectIn(await readConfigFile(file), file) : {};
  const there = written[key];
  const section = isJsonObject(there) ? there : draft();
  const config = resolveConfig({ ...written, [key]: section }, file);
  const recipe = config[key];
  if (recipe === undefined) throw new LockstepError("UNEXPECTED", "the section that was written is gone");
  return { key, file, written, section, config, recipe };
}

/** What became of the file, for programs and for people. */
export interface SavedSection {
  readonly document: { readonly file: string; readonly isFileChanged: boolean; readonly toWrite: Json };
  readonly text: string;
}

/** Writes the section into the file; of one that is a program it says what to write there. Unchanged: nothing is written. */
export async function saveSection(
  { key, file, written }: Pick<OpenedSection<SectionKey>, "key" | "file" | "written">,
  section: JsonObject,
): Promise<SavedSection> {
  const wanted = { ...written, [key]: section };
  if (JSON.stringify(wanted) === JSON.stringify(written)) {
    return { document: { file, isFileChanged: false, toWrite: null }, text: `${file} is as it was.` };
  }
  if (file.endsWith(".json")) {
    await writeFile(file, `${JSON.stringify(wanted, null, 2)}\n`);
    return { document: { file, isFileChanged: true, toWrite: null }, text: `Wrote ${file}.` };
  }
  const toWrite = { [key]: section };
  const told = `${file} is a program and stays as it is. Write this into it, in place of its ${key} if it has one:`;
  return {
    document: { file, isFileChanged: false, toWrite },
    text: `${told}\n${JSON.stringify(toWrite, null, 2)}`,
  };
}

function fileOf(folder: string, named: string | undefined): string {
  if (named !== undefined) return resolve(folder, named);
  const there = configFileNames.find((name) => existsSync(join(folder, name)));
  return join(folder, there ?? configFileNames[0]);
}

function objectIn(value: Json, file: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new LockstepError("CONFIG_INVALID", `${file} holds no object; correct it, then run this again.`);
}
