import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { realDeps } from "../../src/cli/deps.ts";
import { createProgram } from "../../src/cli/program.ts";
import { codeLines, documents, prose, repository } from "./markdown.ts";

const { scripts } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  scripts: { readonly [name: string]: string };
};

/** Single commands in the shell blocks of all documents, comments taken off. */
const shown = documents().flatMap(({ name, text }) =>
  codeLines(text, "sh").flatMap((line) =>
    line
      .replace(/(^|\s)#.*$/, "")
      .split(/&&|\||;/)
      .map((command) => command.trim().replace(/^(?:[A-Z_]+=\S+ +)+/, ""))
      .filter((command) => /^(?:npx )?lockstep |^npm (?:run |test)/.test(command))
      .map((command) => ({ name, command })),
  ),
);

/** The same in running text: `lockstep sync --allow-deletes N`. Placeholders stand for arguments. */
const mentioned = documents().flatMap(({ name, text }) =>
  [...prose(text).matchAll(/`((?:npx )?lockstep [^`\n]+)`/g)].map(([, command = ""]) => ({ name, command })),
);

describe("commands in the documents", () => {
  it("are there to be checked", () => {
    expect(shown.length).toBeGreaterThan(3);
    expect(mentioned.length).toBeGreaterThan(10);
  });

  it.each(shown)("$command ($name)", ({ command }) => {
    const words = command.split(/\s+/);
    if (words[0] === "npm") {
      const script = words[1] === "run" ? words[2] : words[1];
      expect(Object.keys(scripts)).toContain(script);
      if (script === "lockstep") expect(problemOf(words.slice(4))).toBeNull();
    } else {
      expect(problemOf(words.slice(words.indexOf("lockstep") + 1))).toBeNull();
    }
  });

  it.each(mentioned)("mentioned: $command ($name)", ({ command }) => {
    const words = command
      .replace(/^npx /, "")
      .replace(/[[\]]|\.\.+|…/g, "")
      .split(/\s+/)
      .slice(1);
    const problem = problemOf(words);
    // A mention may leave out what a command needs; what it names must exist.
    expect(problem === null || /[Mm]issing/.test(problem) ? null : problem).toBeNull();
  });

  it.each([
    [["snyc"], "unknownCommand"],
    [["sync", "--fully"], "unknownOption"],
    [["history"], "missingArgument"],
    [["status", "extra"], "excessArguments"],
  ])("would not pass if they were wrong: %j", (words, problem) => {
    expect(problemOf(words)).toContain(problem);
  });
});

/** What the command line's own parser has against these words; null: nothing. No command is carried out. */
function problemOf(words: readonly string[]): string | null {
  const nowhere = { write: () => {} };
  const io = {
    stdout: nowhere,
    stderr: nowhere,
    env: {},
    cwd: "/",
    isInteractive: false,
    signal: AbortSignal.abort(),
  };
  const program = createProgram({ io, deps: realDeps, onResult: () => {} });
  disarm(program);
  try {
    program.parse([...words], { from: "user" });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? null : `${error.code}: ${error.message}`;
  }
}

function disarm(program: Command): void {
  for (const command of program.commands) {
    command.action(() => {});
    disarm(command);
  }
}
