import type { Command } from "commander";
import type { AddCommands } from "./program.ts";

/** Commands of the audiobook library. */
export function addLibraryCommands(program: Command, { adderTo, contextFor, onResult }: AddCommands): void {
  const add = adderTo(program);
  add("import <file>", "show what an exported library would change; with --commit, change it")
    .option("--commit", "write it, to Notion too")
    .option("--api-url <url>", "let a running `lockstep serve` do it")
    .option("--companion <file>", "the series file of the export (default: the one beside it)")
    .option("--synthesize-missing", "make books of volumes that are missing, not owned")
    .option("--with-podcasts", "take podcasts in, too")
    .option(
      "--dates <order>",
      "what 03/04/2021 means: day-first or month-first (default: found out from the file)",
    )
    .action(async (file, flags) =>
      onResult(await (await import("./commands/import.ts")).importLibrary(contextFor(flags), file, flags)),
    );

  const library = program.command("library").description("keep the audiobook library in order");
  const addPart = adderTo(library);
  addPart("recompute", "compute Final Status, gaps and next releases, and carry through what waits")
    .option("--dry-run", "show what would change; write nothing")
    .option("--allow-cascade <n>", "let up to N books follow into La Poubelle")
    .action(async (flags) =>
      onResult(await (await import("./commands/library.ts")).recompute(contextFor(flags), flags)),
    );
  addPart("cleanup", "show which books made up for missing volumes would go; with --yes, remove them")
    .option("--yes", "do it")
    .action(async (flags) =>
      onResult(await (await import("./commands/library.ts")).cleanup(contextFor(flags), flags)),
    );
  addPart("reset", "put every series and book into the trash, with their pages")
    .option("--yes <count>", "do it: the number of records that go")
    .action(async (flags) =>
      onResult(await (await import("./commands/library.ts")).reset(contextFor(flags), flags)),
    );
}
