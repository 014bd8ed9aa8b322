import type { Command } from "commander";
import type { AddCommands } from "./program.ts";

/** Commands of two-way syncs. */
export function addTwoWayCommands(program: Command, { adderTo, contextFor, onResult }: AddCommands): void {
  const add = adderTo(program);
  const questions = add(
    "conflicts",
    "what waits for a person: conflicts with both values, and what is held back",
  )
    .option("--sync <name>", "only of this sync")
    .option("--limit <n>", "at most so many", "100")
    // Options after a subcommand's name are the subcommand's own.
    .enablePositionalOptions()
    .action(async (flags) =>
      onResult(await (await import("./commands/conflicts.ts")).conflicts(contextFor(flags), flags)),
    );
  const addQuestion = adderTo(questions);
  addQuestion("resolve <id...>", "settle conflicts; the next run writes the winning value to the other side")
    .option("--take <side>", "whose value wins: notion, table or github (or left or right)")
    .action(async (ids, flags) => {
      const { resolveConflicts } = await import("./commands/conflicts.ts");
      onResult(await resolveConflicts(contextFor(flags), ids, flags));
    });
  for (const [verb, decision] of [
    ["approve", "approved"],
    ["reject", "rejected"],
  ] as const) {
    addQuestion(`${verb} <id>`, `${verb} what a guard holds back`).action(async (id, flags) => {
      const { decideHold } = await import("./commands/conflicts.ts");
      onResult(await decideHold(contextFor(flags), id, decision));
    });
  }

  const table = program
    .command("table")
    .description("what a two-way sync needs in the table's database and in Notion");
  const addTable = adderTo(table);
  addTable("show <sync>", "print what `install` runs; changes nothing")
    .option("--remove", "print what `remove` runs")
    .action(async (sync, flags) =>
      onResult(await (await import("./commands/capture.ts")).showCapture(contextFor(flags), sync, flags)),
    );
  addTable("install <sync>", "add the triggers that see every write to the table, and the property in Notion")
    .option("--yes", "do not ask")
    .action(async (sync, flags) =>
      onResult(await (await import("./commands/capture.ts")).installCapture(contextFor(flags), sync, flags)),
    );
  addTable("remove <sync>", "remove the triggers; the property in Notion stays")
    .option("--yes", "do not ask")
    .action(async (sync, flags) =>
      onResult(await (await import("./commands/capture.ts")).removeCapture(contextFor(flags), sync, flags)),
    );

  add("undo <run>", "show what taking a run back would do; with --yes, do it")
    .option("--yes", "do it")
    .option("--allow-deletes <n>", "let it delete up to N records that the run had made, beyond the guard")
    .action(async (run, flags) =>
      onResult(await (await import("./commands/undo.ts")).undo(contextFor(flags), run, flags)),
    );

  add("worker", "follow two-way syncs until stopped, beside a server on the same store").action(
    async (flags) => onResult(await (await import("./commands/worker.ts")).worker(contextFor(flags))),
  );
}

/** Commands for the first steps. */
export function addSetupCommands(program: Command, { adderTo, contextFor, onResult }: AddCommands): void {
  const add = adderTo(program);
  add("init", "write a configuration; asks for what is not given")
    .option("--backup <link...>", "back up these databases, by id or link")
    .option("--scope <id>", "with --backup: what groups their tasks")
    .option(
      "--notion <link>",
      "keep this database in agreement with a table, by id or link; with --recipe: take it over",
    )
    .option("--url <url>", "the table's database: sqlite:PATH or postgres://USER@HOST/DATABASE")
    .option("--url-env <variable>", "the variable that holds the address, when it has a password")
    .option("--table <name>", "the table")
    .option("--key <column>", "its primary key")
    .option("--marker <column>", "its text column for the id of a row's page")
    .option("--name <sync>", "what commands call the sync")
    .option("--field <property=column...>", "what goes together; by name where nothing is said")
    .option(
      "--match <property=column>",
      "the field by which records that are there already are known to be the same",
    )
    .option(
      "--recipe <name>",
      "pipeline, library or planning: make or complete what it needs; may be run again",
    )
    .option("--page <link>", "with --recipe: the page in which databases are made, by id or link")
    .option(
      "--status <type>",
      "with --recipe pipeline or planning: a status or a select property (default: select)",
    )
    .option("--repository <names...>", "with --recipe planning: repositories as owner/name")
    .option("--links <kind...>", "with --recipe pipeline: databases for assets, videos, audio")
    .option("--channels <folder>", "with --recipe pipeline: where the channels' files are")
    .option("--force", "write the file anew if there is one")
    .action(async (flags) =>
      onResult(await (await import("./commands/init.ts")).init(contextFor(flags), flags)),
    );

  add("doctor", "look at everything that has to be right for syncs to run, with the mend").action(
    async (flags) => onResult(await (await import("./commands/doctor.ts")).doctor(contextFor(flags))),
  );
}
