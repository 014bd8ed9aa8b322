import { CommanderError } from "commander";
import { LockstepError } from "../core/errors.ts";
import type { CommandResult } from "./command.ts";
import { type CliDeps, realDeps } from "./deps.ts";
import { failureOf } from "./failure.ts";
import type { CliIo } from "./io.ts";
import { createProgram } from "./program.ts";

/**
 * Runs one command line (the arguments after the program's name) and returns its exit code. Touches nothing of the
 * process: what it needs comes in, so that it runs inside tests too.
 */
export async function runCli(argv: readonly string[], io: CliIo, deps: CliDeps = realDeps): Promise<number> {
  const isJson = argv.includes("--json");
  const print = (result: CommandResult) => {
    if (isJson && result.document !== null) io.stdout.write(`${JSON.stringify(result.document)}\n`);
    if (!isJson && result.text !== "") io.stdout.write(`${result.text}\n`);
    return result.exitCode;
  };
  try {
    const results: CommandResult[] = [];
    const program = createProgram({ io, deps, onResult: (result) => results.push(result) });
    await program.parseAsync([...argv], { from: "user" });
    const [result] = results;
    return result === undefined ? 0 : print(result);
  } catch (thrown) {
    // Help and version have been printed; everything else Commander throws is about the arguments.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const { result, block } = failureOf(thrown instanceof CommanderError ? usageError(thrown) : thrown, io);
    io.stderr.write(block);
    return print(result);
  }
}

function usageError({ message, code }: CommanderError): LockstepError {
  const isHelp = code === "commander.help";
  return new LockstepError(
    "USAGE",
    isHelp ? "No command given." : `${capitalized(message.replace(/^error: /, ""))}.`,
  );
}

function capitalized(text: string): string {
  const line = text.replaceAll("\n", " ").replace(/[.)\s]+$/, (end) => (end.includes(")") ? ")" : ""));
  return line.slice(0, 1).toUpperCase() + line.slice(1);
}
