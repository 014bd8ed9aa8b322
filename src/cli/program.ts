import { Command } from "commander";
import { readVersion } from "../app/version.ts";
import type { CommandContext, CommandResult, CommonFlags } from "./command.ts";
import type { CliDeps } from "./deps.ts";
import type { CliIo } from "./io.ts";
import { addAudibleCommands } from "./program-audible.ts";
import { addLibraryCommands } from "./program-library.ts";
import { addSetupCommands, addTwoWayCommands } from "./program-two-way.ts";

interface ProgramRequest {
  readonly io: CliIo;
  readonly deps: CliDeps;
  readonly onResult: (result: CommandResult) => void;
}

/** The command line's grammar. Names and flags are a contract: scripts depend on them. */
export function createProgram({ io, deps, onResult }: ProgramRequest): Command {
  const program = new Command("lockstep")
    .description(
      "Backs up Notion databases into a versioned store, and keeps them in agreement with SQL tables, with proof.",
    )
    .version(readVersion(), "-V, --version", "print the version")
    .exitOverride()
    // Errors are printed in one place, in this project's form; Commander prints help only.
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: () => {},
    })
    .showSuggestionAfterError();
  const contextFor = (flags: CommonFlags): CommandContext => ({ io, deps, flags });
  const add = adderTo(program);
  const commands = { adderTo, contextFor, onResult };

  addSetupCommands(program, commands);
  addSyncCommands(add, contextFor, onResult);
  addTwoWayCommands(program, commands);
  addLibraryCommands(program, commands);
  addReadCommands(add, contextFor, onResult);
  addAudibleCommands(program, commands);
  addServingCommands(add, contextFor, onResult);
  const store = program.command("store").description("the store as such: bring it up to date, move it");
  addStoreCommands(adderTo(store), contextFor, onResult);
  return program;
}

/** Adds commands with the options that every command has. */
function adderTo(parent: Command): Add {
  return (nameAndArguments, description) =>
    parent
      .command(nameAndArguments)
      .description(description)
      .option(
        "--config <file>",
        "configuration file (default: lockstep.config.* here or in a directory above)",
      )
      .option("--json", "print one JSON document on stdout; logs and progress go to stderr");
}

/** What it takes to add commands. */
export interface AddCommands {
  readonly adderTo: typeof adderTo;
  readonly contextFor: ContextFor;
  readonly onResult: OnResult;
}

type Add = (nameAndArguments: string, description: string) => Command;
type ContextFor = (flags: CommonFlags) => CommandContext;
type OnResult = (result: CommandResult) => void;

function addSyncCommands(add: Add, contextFor: ContextFor, onResult: OnResult): void {
  add(
    "demo [recipe]",
    "an emulated Notion at work: a backup, `pipeline`, `library`, or `planning` with an emulated GitHub; checks itself",
  )
    .option("--once", "stop when it is through, instead of staying up")
    .action(async (recipe, flags) =>
      onResult(await (await import("./commands/demo.ts")).demo(contextFor(flags), recipe, flags)),
    );

  add("sync [sync...]", "run syncs now; all enabled ones when none is named")
    .option("--full", "read everything again and compare, whatever was read before")
    .option("--allow-deletes <n>", "let this run carry out up to N certified deletions beyond the guard")
    .option("--yes", "let two-way syncs write for the first time, or with a changed mapping")
    .option("--once", "end after one run, which is what sync does: for scheduled jobs that want to say so")
    .action(async (names, flags) =>
      onResult(await (await import("./commands/sync.ts")).sync(contextFor(flags), names, flags)),
    );

  add("plan [sync...]", "show what a sync would do; writes nothing")
    .option("--full", "read everything again and compare, whatever was read before")
    .option("--allow-deletes <n>", "plan as if up to N certified deletions were allowed")
    .action(async (names, flags) =>
      onResult(await (await import("./commands/plan.ts")).plan(contextFor(flags), names, flags)),
    );
}

function addReadCommands(add: Add, contextFor: ContextFor, onResult: OnResult): void {
  add("status", "last and next runs, and what the store holds").action(async (flags) =>
    onResult(await (await import("./commands/status.ts")).status(contextFor(flags))),
  );

  add("runs", "runs and their evidence, newest first")
    .option("--sync <name>", "only runs of this sync")
    .option("--limit <n>", "at most so many", "20")
    .option("--id <run>", "everything about one run")
    .option("--verify <run>", "check the store against a run's certificate, and against Notion")
    .action(async (flags) =>
      onResult(await (await import("./commands/runs.ts")).runs(contextFor(flags), flags)),
    );

  add(
    "history <ref>",
    "versions of a task or a synced record: by id, Notion page id or link, the beginning of one, or words of its title",
  )
    .option("--limit <n>", "the newest N versions", "20")
    .option("--at <time>", "the version that was current then, such as 2026-11-21T08:00Z")
    .action(async (reference, flags) =>
      onResult(await (await import("./commands/history.ts")).history(contextFor(flags), reference, flags)),
    );

  add("diff <ref> [a] [b]", "what changed between two versions of a task; the last two by default").action(
    async (reference, from, to, flags) => {
      const { diff } = await import("./commands/diff.ts");
      onResult(await diff(contextFor(flags), reference, { from, to }));
    },
  );
}

function addServingCommands(add: Add, contextFor: ContextFor, onResult: OnResult): void {
  add("serve", "run schedules and two-way syncs, webhooks, the HTTP API and MCP over HTTP until stopped")
    .option("--port <n>", "port to listen on", "8484")
    .option(
      "--host <address>",
      "address to listen on; others than loopback need LOCKSTEP_ADMIN_TOKEN",
      "127.0.0.1",
    )
    .option(
      "--accept-webhook-verification",
      "for ten minutes, take the handshake of a new webhook and show its token",
    )
    .action(async (flags) =>
      onResult(await (await import("./commands/serve.ts")).serve(contextFor(flags), flags)),
    );

  add("mcp", "Model Context Protocol over stdin and stdout").action(async (flags) =>
    onResult(await (await import("./commands/mcp.ts")).mcp(contextFor(flags))),
  );

  add("emulator", "Notion's API on a local port, until stopped")
    .option("--port <n>", "port to listen on; a free one by default")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--allow-remote", "let other machines in, at an address that is not loopback")
    .option("--seed <file>", "JSON file with the workspace to start with")
    .option("--recorded <file>", "JSON file with answers of Notion's API, to start with what they show")
    .option("--restore <file>", "snapshot to start with")
    .option("--snapshot <file>", "where to write a snapshot when stopped")
    .option("--clock <time>", "ISO 8601 time at which the emulator's clock stands still until it is moved")
    .option("--faults <file>", "JSON file with a list of faults to inject")
    .option("--rate <n>", "requests a minute allowed to one token")
    .action(async (flags) =>
      onResult(await (await import("./commands/emulator.ts")).emulator(contextFor(flags), flags)),
    );
}

function addStoreCommands(add: Add, contextFor: ContextFor, onResult: OnResult): void {
  add("migrate", "bring the store's schema up to date, and say from which to which").action(async (flags) =>
    onResult(await (await import("./commands/store.ts")).storeMigrate(contextFor(flags))),
  );

  add("copy", "copy everything of one store into an empty other one, and compare both")
    .requiredOption("--from <url>", "the store to copy, such as sqlite:lockstep.db")
    .requiredOption("--to <url>", "the store to make, such as postgres://lockstep@localhost:5432/lockstep")
    .action(async (flags) =>
      onResult(await (await import("./commands/store.ts")).storeCopy(contextFor(flags), flags)),
    );
}
