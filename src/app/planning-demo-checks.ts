import type { GitHubEmulator } from "../emulator/github/github.ts";
import type { Emulator } from "../emulator/index.ts";
import type { Check } from "./demo-checks.ts";
import { check, checkHistory, plainText } from "./demo-stage.ts";
import type { Lockstep } from "./lockstep.ts";
import type { BoardColumn } from "./pipeline-demo-checks.ts";
import type { PlanningTold } from "./planning-demo.ts";
import type { PlanningSetup } from "./planning-setup.ts";

const repository = "acme/app";
const statuses = ["Backlog", "In Progress", "Ready for Review", "Done", "Dropped"] as const;
const openStatuses: readonly string[] = ["Backlog", "In Progress", "Ready for Review"];

/** The board as people see it. */
export function boardOf(notion: Emulator, database: string): readonly BoardColumn[] {
  const rows = rowsOf(notion, database);
  return statuses
    .map((status) => ({ status, entries: rows.filter((row) => row.Status === status).map(cardOf) }))
    .filter(({ entries }) => entries.length > 0);
}

type Row = Readonly<Record<string, string>>;

function cardOf(row: Row): string {
  const pull = row["GitHub PR #"] === "" ? [] : [`${row["GitHub PR #"]} ${row["PR State"]}`];
  const note = row["GitHub Note"] === "" ? [] : [`„${row["GitHub Note"]}“`];
  const more = [row["GitHub Issue #"], ...pull, ...note].filter((part) => part !== "");
  return `${row.Title} (${more.join(", ")})`;
}

/** Compares rows, issues, pull requests and history. */
export async function checkPlanningDemo(of: {
  readonly notion: Emulator;
  readonly github: GitHubEmulator;
  readonly lockstep: Lockstep;
  readonly setup: PlanningSetup;
  readonly told: PlanningTold;
}): Promise<readonly Check[]> {
  const { notion, github, lockstep, setup, told } = of;
  const { people } = github;
  const rows = rowsOf(notion, setup.database);
  const issues = people.issues(repository);
  const apart = issues.filter((issue) => !isLike(issue, rows));
  const calling = issues.filter(({ title, body }) => /@acme|fixes #1/i.test(`${title} ${body}`));
  const pull = people.issue(repository, told.pulls.get("Dark mode") ?? 0)?.pull;
  const early = told.events.filter(({ event }) => event === "planning.merged").length;
  return [
    check(
      "every row has one issue, and every issue one row",
      rows.length === issues.length,
      `${issues.length} issues`,
    ),
    check(
      "both sides say the same",
      apart.length === 0,
      apart.map(({ title }) => title).join(", ") || "titles and states",
    ),
    check(
      "nobody was called, and nothing closed, by a row's words",
      calling.length === 0,
      "titles and texts",
    ),
    check(
      "what was missing was told, and then it was merged, once",
      pull?.mergedAt != null && early === 1,
      "Dark mode",
    ),
    check(
      "the row without a branch says so",
      rows.some((row) => row["GitHub Note"]?.startsWith("No branch") === true),
      "Ready for Review",
    ),
    check(
      "rest is rest",
      told.idle.written === 0,
      `${told.idle.notion} requests to Notion, ${told.idle.github} to GitHub`,
    ),
    await checkHistory(lockstep, told.rows.values(), "rows"),
  ];
}

type Issue = ReturnType<GitHubEmulator["people"]["issues"]>[number];

function isLike({ number, title, state }: Issue, rows: readonly Row[]): boolean {
  const row = rows.find((each) => each["GitHub Issue #"] === `${repository}#${number}`);
  if (row === undefined) return false;
  const isOpen = openStatuses.includes(row.Status ?? "");
  return row.Title === title.replaceAll("\u2060", "") && isOpen === (state === "open");
}

function rowsOf(notion: Emulator, database: string): readonly Row[] {
  const rows = notion.workspace.rows(database).filter(({ inTrash }) => !inTrash);
  return rows.map(({ properties }) =>
    Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, plainText(value)])),
  );
}
