import type { LibrarySetup } from "../../app/library-setup.ts";
import { readEnvironment } from "../../config/environment.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import { openSection, saveSection } from "../config-section.ts";

/** What to write when there is no `library` section yet. */
export interface LibraryFlags {
  readonly page?: string;
}

/** Makes or completes the databases Series and Books, and writes their ids into the configuration. Run again, it changes nothing. */
export async function initLibrary(context: CommandContext, flags: LibraryFlags): Promise<CommandResult> {
  const { io, deps } = context;
  const opened = await openSection(context, "library", () => sectionOf(flags));
  const { config, recipe: library, section } = opened;
  const { secrets, notionBaseUrl } = readEnvironment(io.env);
  const request = { config, library, secrets, baseUrl: notionBaseUrl, signal: io.signal };
  const setup = await deps.setUpLibrary(request);
  const { document, text } = await saveSection(opened, withIds(section, setup));
  return { exitCode: 0, document: { ok: true, ...document, ...setup }, text: textOf(setup, text) };
}

function sectionOf({ page }: LibraryFlags): { readonly [key: string]: Json } {
  if (page !== undefined) return { notion: { parentPage: page } };
  throw new LockstepError(
    "USAGE",
    "Where are the databases to be? Give --page LINK for a page to make them in, or write the ids of databases to take over " +
      'into the file: {"library":{"notion":{"series":"…","books":"…"}}}.',
  );
}

function withIds(section: { readonly [key: string]: Json }, { series, books }: LibrarySetup) {
  const notion = isJsonObject(section.notion) ? section.notion : {};
  return { ...section, notion: { ...notion, series: notion.series ?? series, books: notion.books ?? books } };
}

function textOf({ series, books, writes, differences }: LibrarySetup, ending: string): string {
  const made = writes === 0 ? "everything was there" : `${writes} writes to Notion`;
  return [
    `Series ${series} and Books ${books}: ${made}.`,
    ...differences.map((difference) => `  left as it is: ${difference}`),
    ending,
    "Next: lockstep import FILE, and with --commit when it looks right",
  ].join("\n");
}
