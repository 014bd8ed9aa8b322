import { Command } from "commander";
import { readVersion } from "../app/version.ts";
import type { CommandContext, CommandResult, CommonFlags } from "./command.ts";
import type { CliDeps } from "./deps.ts";
import type { CliIo } from "./io.ts";

interface ProgramRequest {
  readonly io: CliIo;
  readonly deps: CliDeps;
  readonly onResult: (result: CommandResult) => void;
}

/** The command line's grammar. Names and flags are a contract: scripts depend on them. */
export function createProgram({ io, deps, onResult }: ProgramRequest): Command {
  const program = new Command("lockstep")
    .description("Backs up Notion databases into a versioned store, with proof.")
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
  const add = (nameAndArguments: string, description: string) =>
    program
      .command(nameAndArguments)
      .description(description)
      .option(
        "--config <file>",
        "configuration file (default: lockstep.config.* here or in a directory above)",
      )
      .option("--json", "print one JSON document on stdout; logs and progress go to stderr");

  addSyncCommands(add, contextFor, onResult);
  addReadCommands(add, contextFor, onResult);
  addServingCommands(add, contextFor, onResult);
  return program;
}

type Add = (nameAndArguments: string, description: string) => Command;
type ContextFor = (flags: CommonFlags) => CommandContext;
type OnResult = (result: CommandResult) => void;

function addSyncCommands(add: Add, contextFor: ContextFor, onResult: OnResult): void {
  add("demo", "an emulated Notion, a first sync, edits, a second sync, and the history they left")
    .option("--once", "stop when it is through, instead of staying up")
    .action(async (flags) =>
      onResult(await (await import("./commands/demo.ts")).demo(contextFor(flags), flags)),
    );

  add("sync [sync...]", "run syncs now; all enabled ones when none is named")
    .option("--full", "read everything again and compare, whatever was read before")
    .option("--allow-deletes <n>", "let this run carry out up to N certified deletions beyond the guard")
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
    "versions of a task: by task id, Notion page id or link, the beginning of one, or words of its title",
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
  add("serve", "run the schedules, the HTTP API and MCP over HTTP until stopped")
    .option("--port <n>", "port to listen on", "8484")
    .option(
      "--host <address>",
      "address to listen on; others than loopback need LOCKSTEP_ADMIN_TOKEN",
      "127.0.0.1",
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
