import type { PlanningSetup } from "../../app/planning-setup.ts";
import { readEnvironment } from "../../config/environment.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import { openSection, saveSection } from "../config-section.ts";

/** What to write when there is no `planning` section yet. */
export interface PlanningFlags {
  readonly page?: string;
  readonly notion?: string;
  readonly status?: string;
  readonly repository?: readonly string[];
}

/** Makes or completes the planning database and the labels of its statuses. Run again, it changes nothing. */
export async function initPlanning(context: CommandContext, flags: PlanningFlags): Promise<CommandResult> {
  const { io, deps } = context;
  const opened = await openSection(context, "planning", () => sectionOf(flags));
  const { config, recipe: planning, section } = opened;
  const { secrets, notionBaseUrl, githubBaseUrl } = readEnvironment(io.env);
  const setup = await deps.setUpPlanning({
    config,
    planning,
    secrets,
    baseUrl: notionBaseUrl,
    githubUrl: githubBaseUrl,
    signal: io.signal,
  });
  const { document, text } = await saveSection(opened, withId(section, setup));
  return {
    exitCode: 0,
    document: { ok: true, ...document, ...setup },
    text: textOf(setup, { ending: text, name: planning.name }),
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

function withId(section: { readonly [key: string]: Json }, { database }: PlanningSetup) {
  const notion = isJsonObject(section.notion) ? section.notion : {};
  return { ...section, notion: { ...notion, database: notion.database ?? database } };
}

function textOf(
  { database, writes, labels, differences }: PlanningSetup,
  { ending, name }: { readonly ending: string; readonly name: string },
): string {
  return [
    writes === 0
      ? `Database ${database}: everything was there.`
      : `Database ${database}: ${writes} writes to Notion.`,
    ...differences.map((difference) => `  left as it is: ${difference}`),
    labels.length === 0 ? "Labels: all there." : `Labels made: ${labels.join(", ")}.`,
    ending,
    `Next: lockstep doctor, lockstep plan ${name}, then lockstep sync ${name} --yes`,
  ].join("\n");
}
