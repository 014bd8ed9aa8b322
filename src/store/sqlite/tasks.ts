import { rowToTask, selectTasks, type TaskRow } from "../rows.ts";
import { hasWords, idForms } from "../rules.ts";
import type { Store, Task } from "../store.ts";
import type { Database } from "./database.ts";

/** Sorts after every id that begins with the same characters. */
const last = "\u{10ffff}";

/** Reads inside the caller's transaction. */
export interface TaskReader {
  read(taskId: string): Task | null;
}

export function taskReader(database: Database): TaskReader {
  const byId = database.query<TaskRow>(`${selectTasks} WHERE t.id = ?`);
  return {
    read(taskId) {
      const row = byId.get(taskId);
      return row === undefined ? null : rowToTask(row);
    },
  };
}

export function taskTopic(
  database: Database,
  tasks: TaskReader,
): Pick<Store, "getTask" | "findTasks" | "listTasks"> {
  // The few syncs come first, so that each is one range of the links' primary key.
  const inRange = database.query<TaskRow>(`${selectTasks}
    WHERE t.id IN (
      SELECT id FROM tasks WHERE id BETWEEN ?1 AND ?2
      UNION
      SELECT task_id FROM syncs CROSS JOIN links ON links.sync_id = syncs.id AND links.source_id BETWEEN ?1 AND ?2
    ) ORDER BY t.id LIMIT ?3`);
  database.define("has_words", (text, title, description) =>
    hasWords(String(text), { title: String(title), description: String(description ?? "") }) ? 1 : 0,
  );
  const listed = database.query<TaskRow>(`${selectTasks}
    WHERE t.id > ?1
      AND (?2 IS NULL OR t.project_scope_id = ?2)
      AND (?3 IS NULL OR v.status = ?3)
      AND (?4 OR v.is_deleted = 0)
      AND (?5 IS NULL OR has_words(?5, v.title, v.description))
    ORDER BY t.id LIMIT ?6`);

  /** Tasks with an id from one of the forms to that form followed by `suffix`. */
  function find(forms: readonly string[], suffix: string, limit: number): Task[] {
    const found = forms.flatMap((form) => inRange.all(form, form + suffix, limit).map(rowToTask));
    const byTaskId = new Map(found.map((task) => [task.id, task]));
    return [...byTaskId.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
  }

  return {
    async getTask(taskId) {
      return database.read(() => tasks.read(taskId));
    },

    async findTasks(reference, limit) {
      const forms = idForms(reference);
      return database.read(() => {
        const exact = find(forms, "", limit);
        return exact.length > 0 ? exact : find(forms, last, limit);
      });
    },

    async listTasks({ projectScopeId, status, withDeleted, text }, { after, limit }) {
      const filter = [projectScopeId ?? null, status ?? null, withDeleted ? 1 : 0, text ?? null];
      const rows = database.read(() => listed.all(after ?? "", ...filter, limit + 1));
      const items = rows.slice(0, limit).map(rowToTask);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}
