import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Setup } from "../../app/setup.ts";
import { readEnvironment } from "../../config/environment.ts";
import { resolveConfig } from "../../config/resolve.ts";
import type { ConfigFile } from "../../config/schema.ts";
import { LockstepError } from "../../core/errors.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import { draftBackup, draftTable } from "../init-draft.ts";
import { askFlags } from "../init-questions.ts";

/** What to write, as flags; whatever is missing is asked for when somebody is there to answer. */
export interface InitFlags {
  readonly backup?: readonly string[];
  readonly scope?: string;
  readonly notion?: string;
  readonly url?: string;
  readonly urlEnv?: string;
  readonly table?: string;
  readonly key?: string;
  readonly marker?: string;
  readonly name?: string;
  readonly field?: readonly string[];
  readonly match?: string;
  readonly force?: boolean;
  readonly recipe?: string;
  readonly page?: string;
  readonly status?: string;
  readonly links?: readonly string[];
  readonly channels?: string;
  readonly repository?: readonly string[];
}

const fileName = "lockstep.config.json";

/** Writes a configuration for a backup or a two-way sync. Nothing else is changed anywhere. */
export async function init(context: CommandContext, flags: InitFlags): Promise<CommandResult> {
  if (flags.recipe !== undefined) return initRecipe(context, flags, flags.recipe);
  const { io, deps } = context;
  const file = join(io.cwd, fileName);
  if (existsSync(file) && flags.force !== true) {
    throw new LockstepError("USAGE", `${file} is there already: edit it, or give --force to write it anew.`);
  }
  const { secrets, notionBaseUrl } = readEnvironment(io.env);
  const setup = await deps.openSetup({ token: secrets.notionToken, baseUrl: notionBaseUrl, folder: io.cwd });
  const complete = isComplete(flags) || io.ask === undefined ? flags : await askFlags(context, setup, flags);
  const written = await draft(context, setup, complete);
  // What is written here must be what every other command accepts.
  resolveConfig(JSON.parse(JSON.stringify(written)), file);
  await writeFile(file, `${JSON.stringify(written, null, 2)}\n`);
  return {
    exitCode: 0,
    document: { ok: true, file, config: written },
    text: [`Wrote ${file}.`, ...nextSteps(written)].join("\n"),
  };
}

async function initRecipe(context: CommandContext, flags: InitFlags, recipe: string): Promise<CommandResult> {
  if (recipe === "pipeline") return (await import("./init-pipeline.ts")).initPipeline(context, flags);
  if (recipe === "library") return (await import("./init-library.ts")).initLibrary(context, flags);
  if (recipe === "planning") return (await import("./init-planning.ts")).initPlanning(context, flags);
  throw new LockstepError("USAGE", `--recipe: expected pipeline, library or planning, got "${recipe}".`);
}

function isComplete({ backup = [], table }: InitFlags): boolean {
  return backup.length > 0 || table !== undefined;
}

function draft(context: CommandContext, setup: Setup, flags: InitFlags): Promise<ConfigFile> {
  const { signal } = context.io;
  if (flags.table !== undefined) return draftTable(setup, { ...flags, env: context.io.env }, signal);
  if ((flags.backup ?? []).length > 0) return draftBackup(setup, flags, signal);
  throw new LockstepError(
    "USAGE",
    "Nobody is there to answer: give --backup LINK for a backup, or --notion LINK, --url URL, --table NAME and --key COLUMN " +
      "for a two-way sync with a table.",
  );
}

function nextSteps({ tables = [] }: ConfigFile): readonly string[] {
  const [table] = tables;
  if (table === undefined) return ["Next: lockstep plan, then lockstep sync"];
  return [
    `Next: lockstep table install ${table.name}, lockstep plan, then lockstep sync --yes`,
    "Fields, conflicts and deletions can be set in the file: docs/two-way.md, docs/config.md",
  ];
}
