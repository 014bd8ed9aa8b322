import type { Json } from "../core/json.ts";
import type { Emulator } from "../emulator/index.ts";
import { boardProperties as names } from "../recipes/pipeline/board.ts";
import type { SqlRow, TaskDatabase } from "../recipes/pipeline/database.ts";
import { stateOf, statuses } from "../recipes/pipeline/statuses.ts";
import type { Check } from "./demo-checks.ts";
import { check, checkHistory, plainText } from "./demo-stage.ts";
import type { Lockstep } from "./lockstep.ts";
import type { PipelineTold } from "./pipeline-demo.ts";
import type { PipelineSetup } from "./pipeline-setup.ts";

/** A column of the board: its status and the titles in it. */
export interface BoardColumn {
  readonly status: string;
  readonly entries: readonly string[];
}

/** The board as people see it: columns that hold something, in the order of the statuses. */
export function viewOf(emulator: Emulator, board: string): readonly BoardColumn[] {
  const rows = emulator.workspace.rows(board).filter(({ inTrash }) => !inTrash);
  return statuses
    .map(({ name }) => ({
      status: name,
      entries: rows
        .filter(({ properties }) => plainText(properties[names.status]) === name)
        .map(({ properties }) => cardOf(properties)),
    }))
    .filter(({ entries }) => entries.length > 0);
}

function cardOf(properties: Readonly<Record<string, Json>>): string {
  const priority = plainText(properties[names.priority]);
  const files = properties.Assets;
  const count = Array.isArray(files) ? files.length : 0;
  const more = [
    ...(priority === "High" ? ["high"] : []),
    ...(count === 0 ? [] : [`${count} ${count === 1 ? "file" : "files"}`]),
  ];
  return `${plainText(properties[names.title])}${more.length === 0 ? "" : ` (${more.join(", ")})`}`;
}

/** Compares board, table, queue and history. */
export async function checkPipelineDemo(of: {
  readonly emulator: Emulator;
  readonly lockstep: Lockstep;
  readonly database: TaskDatabase;
  readonly told: PipelineTold;
  readonly setup: PipelineSetup;
}): Promise<readonly Check[]> {
  const { emulator, lockstep, database, told, setup } = of;
  const rows = await database.write((sql) => sql("SELECT * FROM tasks", []));
  const jobs = await database.write((sql) => sql("SELECT * FROM task_jobs", []));
  const pages = emulator.workspace.rows(setup.board);
  const statusOn = (id: unknown) =>
    plainText(pages.find((page) => page.id === id)?.properties[names.status] ?? null);
  const taskOf = (title: string) => rows.find((row) => row.notion_page_id === told.pages[title]);
  const apart = rows.filter((row) => stateOf(statusOn(row.notion_page_id)) !== row.status);
  const miscounted = Object.entries(told.queued).filter(
    ([title, times]) => jobs.filter(({ task_id: id }) => id === taskOf(title)?.id).length !== times,
  );
  const refused = told.events.filter(({ event }) => event === "pipeline.entry_refused");
  return [
    check(
      "every page has one row, and every row one page",
      rows.length === pages.length,
      `${rows.length} rows`,
    ),
    check("board and table say the same", apart.length === 0, titlesOf(apart) || "all statuses agree"),
    check("each transition to Queued made one job", miscounted.length === 0, `${jobs.length} jobs`),
    check(
      "the incomplete entry was put back, and never queued",
      statusOn(told.pages.Ants) === "Draft" && refused.length === 1,
      String(refused[0]?.fields.problem ?? "no reason was told"),
    ),
    check(
      "a move that nobody may make was set back",
      statusOn(told.pages.Moths) === "Draft",
      "Moths is a draft",
    ),
    check("files are linked on the board", filesOf(pages, told.pages.Bees) === 1, "Bees has its picture"),
    check("what people wrote is as they wrote it", areTextsKept(pages, told), "titles and topics"),
    check("rest is rest", told.idle.written === 0, `${told.idle.requests} requests, no write`),
    await checkHistory(lockstep, Object.values(told.pages), "entries"),
  ];
}

function titlesOf(rows: readonly SqlRow[]): string {
  return rows.map(({ title }) => String(title)).join(", ");
}

type Pages = ReturnType<Emulator["workspace"]["rows"]>;

function filesOf(pages: Pages, id: string | undefined): number {
  const files = pages.find((page) => page.id === id)?.properties.Assets;
  return Array.isArray(files) ? files.length : 0;
}

function areTextsKept(pages: Pages, { pages: ids }: PipelineTold): boolean {
  return Object.entries(ids).every(
    ([title, id]) =>
      plainText(pages.find((page) => page.id === id)?.properties[names.title] ?? null) === title,
  );
}
