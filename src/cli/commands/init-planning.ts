import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlanningSetup } from "../../app/planning-setup.ts";
import { readEnvironment } from "../../config/environment.ts";
import { resolveConfig } from "../../config/resolve.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { CommandContext, CommandResult } from "../command.ts";

/** What to write when there is no `planning` section yet. */
export interface PlanningFlags {
  readonly page?: string;
  readonly notion?: string;
  readonly status?: string;
  readonly repository?: readonly string[];
}

const fileName = "lockstep.config.json";

/** Makes or completes the planning database and the labels of its statuses. Run again, it changes nothing. */
export async function initPlanning(context: CommandContext, flags: PlanningFlags): Promise<CommandResult> {
  const { io, deps } = context;
  const file = join(io.cwd, fileName);
  const before = existsSync(file) ? objectIn(await readFile(file, "utf8"), file) : {};
  const section = isJsonObject(before.planning) ? before.planning : sectionOf(flags);
  const config = resolveConfig({ ...before, planning: section }, file);
  const { planning } = config;
  if (planning === undefined) throw new LockstepError("UNEXPECTED", "the section that was written is gone");
  const { secrets, notionBaseUrl, githubBaseUrl } = readEnvironment(io.env);
  const setup = await deps.setUpPlanning({
    config,
    planning,
    secrets,
    baseUrl: notionBaseUrl,
    githubUrl: githubBaseUrl,
    signal: io.signal,
  });
  const written = { ...before, planning: withId(section, setup) };
  const isChanged = JSON.stringify(written) !== JSON.stringify(before);
  if (isChanged) await writeFile(file, `${JSON.stringify(written, null, 2)}\n`);
  return {
    exitCode: 0,
    document: { ok: true, file, isFileChanged: isChanged, ...setup },
    text: textOf(setup, { file, isChanged, name: planning.name }),
  };
}

function sectionOf({ page, notion, status, repository = [] }: PlanningFlags): {
  readonly [key: string]: Json;
} {
  if (page === undefined && notion === undefined) {
    throw new LockstepError(
      "USAGE",
      "Where is the database to be? Give --page LINK for a page to make it in, or --notion LINK for a database to take over.",
    );
  }
  if (repository.length === 0)
    throw new LockstepError("USAGE", "Whose issues? Give --repository OWNER/NAME, once for each.");
  return {
    notion: {
      ...(notion === undefined ? {} : { database: notion }),
      ...(page === undefined ? {} : { parentPage: page }),
      statusProperty: status ?? "select",
    },
    repositories: [...repository],
  };
}

function withId(section: { readonly [key: string]: Json }, { database }: PlanningSetup): Json {
  const notion = isJsonObject(section.notion) ? section.notion : {};
  return { ...section, notion: { ...notion, database: notion.database ?? database } };
}

function textOf(
  { database, writes, labels, differences }: PlanningSetup,
  { file, isChanged, name }: { readonly file: string; readonly isChanged: boolean; readonly name: string },
): string {
  return [
    writes === 0
      ? `Database ${database}: everything was there.`
      : `Database ${database}: ${writes} writes to Notion.`,
    ...differences.map((difference) => `  left as it is: ${difference}`),
    labels.length === 0 ? "Labels: all there." : `Labels made: ${labels.join(", ")}.`,
    isChanged ? `Wrote ${file}.` : `${file} is as it was.`,
    `Next: lockstep doctor, lockstep plan ${name}, then lockstep sync ${name} --yes`,
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
