import type { State } from "../state/state.ts";
import { minuteText } from "../values/dates.ts";
import { completeValues } from "../values/read.ts";
import { dataSourceAt } from "./lookup.ts";
import type { TrueRow } from "./workspace.ts";

/** Every row there is or was, in the order they were made, those deleted for good last. */
export function trueRows(state: State, dataSourceId: string): TrueRow[] {
  const dataSource = dataSourceAt(state, dataSourceId);
  const deleted = [...state.deleted.values()].filter(
    (page) => page.parent.type === "data_source_id" && page.parent.id === dataSource.id,
  );
  return [...dataSource.rows, ...deleted].map((page) => ({
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
