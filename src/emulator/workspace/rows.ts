import type { State } from "../state/state.ts";
import { minuteText } from "../values/dates.ts";
import { completeValues } from "../values/read.ts";
import { dataSourceAt } from "./lookup.ts";
import type { TrueRow } from "./workspace.ts";

/** Which of the rows, counted from 0; default: all. */
export interface RowRange {
  readonly offset: number;
  readonly limit: number;
}

/** Every row there is or was, in the order they were made, those deleted for good last. */
export function trueRows(state: State, dataSourceId: string, range?: RowRange): TrueRow[] {
  const dataSource = dataSourceAt(state, dataSourceId);
  const deleted = [...state.deleted.values()].filter(
    (page) => page.parent.type === "data_source_id" && page.parent.id === dataSource.id,
  );
  const pages = [...dataSource.rows, ...deleted];
  const wanted = range === undefined ? pages : pages.slice(range.offset, range.offset + range.limit);
  return wanted.map((page) => ({
    id: page.id,
    inTrash: page.inTrash,
    isArchived: page.isArchived,
    isDeletedForGood: state.deleted.has(page.id),
    createdTime: minuteText(page.createdAt),
    lastEditedTime: minuteText(page.editedAt),
    createdBy: page.createdBy,
    lastEditedBy: page.editedBy,
    properties: completeValues(page, state),
  }));
}
