import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LibrarySetup } from "../../app/library-setup.ts";
import { readEnvironment } from "../../config/environment.ts";
import { resolveConfig } from "../../config/resolve.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { CommandContext, CommandResult } from "../command.ts";

/** What to write when there is no `library` section yet. */
export interface LibraryFlags {
  readonly page?: string;
}

const fileName = "lockstep.config.json";

/** Makes or completes the databases Series and Books, and writes their ids into the configuration. Run again, it changes nothing. */
export async function initLibrary(context: CommandContext, flags: LibraryFlags): Promise<CommandResult> {
  const { io, deps } = context;
  const file = join(io.cwd, fileName);
  const before = existsSync(file) ? objectIn(await readFile(file, "utf8"), file) : {};
  const section = isJsonObject(before.library) ? before.library : sectionOf(flags);
  const config = resolveConfig({ ...before, library: section }, file);
  const { library } = config;
  if (library === undefined) throw new LockstepError("UNEXPECTED", "the section that was written is gone");
  const { secrets, notionBaseUrl } = readEnvironment(io.env);
  const request = { config, library, secrets, baseUrl: notionBaseUrl, signal: io.signal };
  const setup = await deps.setUpLibrary(request);
  const written = { ...before, library: withIds(section, setup) };
  const isChanged = JSON.stringify(written) !== JSON.stringify(before);
  if (isChanged) await writeFile(file, `${JSON.stringify(written, null, 2)}\n`);
  return {
    exitCode: 0,
    document: { ok: true, file, isFileChanged: isChanged, ...setup },
    text: textOf(setup, { file, isChanged }),
  };
}

function sectionOf({ page }: LibraryFlags): { readonly [key: string]: Json } {
  if (page !== undefined) return { notion: { parentPage: page } };
  throw new LockstepError(
    "USAGE",
    "Where are the databases to be? Give --page LINK for a page to make them in, or write the ids of databases to take over " +
      'into the file: {"library":{"notion":{"series":"…","books":"…"}}}.',
  );
}

function withIds(section: { readonly [key: string]: Json }, { series, books }: LibrarySetup): Json {
  const notion = isJsonObject(section.notion) ? section.notion : {};
  return { ...section, notion: { ...notion, series: notion.series ?? series, books: notion.books ?? books } };
}

function textOf(
  { series, books, writes, differences }: LibrarySetup,
  { file, isChanged }: { readonly file: string; readonly isChanged: boolean },
): string {
  const made = writes === 0 ? "everything was there" : `${writes} writes to Notion`;
  return [
    `Series ${series} and Books ${books}: ${made}.`,
    ...differences.map((difference) => `  left as it is: ${difference}`),
    isChanged ? `Wrote ${file}.` : `${file} is as it was.`,
    "Next: lockstep import FILE, and with --commit when it looks right",
  ].join("\n");
}

function objectIn(text: string, file: string): { readonly [key: string]: Json } {
  try {
    const value: Json = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new LockstepError("CONFIG_INVALID", `${file} is not a JSON object; correct it, then run this again.`);
}
