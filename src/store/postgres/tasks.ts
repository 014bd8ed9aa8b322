import { rowToTask, selectTasks, type TaskRow } from "../rows.ts";
import { hasWords, idForms } from "../rules.ts";
import type { Store, Task, TaskFilter } from "../store.ts";
import type { Database, Session } from "./database.ts";

/** Sorts after every id that begins with the same characters. */
const last = "\u{10ffff}";

/** Tasks looked at together when words are looked for. */
const tasksPerSearch = 2000;

export async function readTask(session: Session, taskId: string): Promise<Task | null> {
  const row = await session.get<TaskRow>(`${selectTasks} WHERE t.id = $1`, taskId);
  return row === undefined ? null : rowToTask(row);
}

export function taskTopic(database: Database): Pick<Store, "getTask" | "findTasks" | "listTasks"> {
  return {
    getTask: (taskId) => readTask(database, taskId),

    async findTasks(reference, limit) {
      const forms = idForms(reference);
      return database.snapshot(async (session) => {
        const exact = await findBetween(session, forms, { suffix: "", limit });
        return exact.length > 0 ? exact : findBetween(session, forms, { suffix: last, limit });
      });
    },

    async listTasks(filter, { after, limit }) {
      const rows = await database.snapshot((session) =>
        filter.text === undefined
          ? listAfter(session, filter, { after: after ?? "", limit: limit + 1 })
          : searchAfter(session, { ...filter, text: filter.text }, { after: after ?? "", limit: limit + 1 }),
      );
      const items = rows.slice(0, limit).map(rowToTask);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}

/** Tasks with an id from one of the forms to that form followed by `suffix`. */
async function findBetween(
  session: Session,
  forms: readonly string[],
  { suffix, limit }: { suffix: string; limit: number },
): Promise<Task[]> {
  const rows = await session.all<TaskRow>(
    `WITH form AS (SELECT written AS first, written || $2 AS last FROM unnest($1::text[]) AS written)
    ${selectTasks}
    WHERE t.id IN (
      SELECT id FROM form JOIN tasks ON id BETWEEN first AND last
      UNION
      SELECT task_id FROM form CROSS JOIN syncs
      JOIN links ON links.sync_id = syncs.id AND links.source_id BETWEEN first AND last
    ) ORDER BY t.id LIMIT $3`,
    forms,
    suffix,
    limit,
  );
  return rows.map(rowToTask);
}

interface PageOfTasks {
  readonly after: string;
  readonly limit: number;
}

const matching = `
  t.id > $1
    AND ($2::text IS NULL OR t.project_scope_id = $2)
    AND ($3::text IS NULL OR v.status = $3)
    AND ($4 OR v.is_deleted = 0)
  ORDER BY t.id LIMIT $5`;

function valuesOf({ projectScopeId, status, withDeleted }: TaskFilter, { after, limit }: PageOfTasks) {
  return [after, projectScopeId ?? null, status ?? null, withDeleted === true ? "t" : "f", limit] as const;
}

function listAfter(session: Session, filter: TaskFilter, page: PageOfTasks): Promise<TaskRow[]> {
  return session.all<TaskRow>(`${selectTasks} WHERE ${matching}`, ...valuesOf(filter, page));
}

interface CandidateRow {
  readonly id: string;
  readonly title: string;
  readonly description: string | null;
}

/** Words are compared here and not by Postgres, whose idea of upper and lower case depends on the database's language. */
async function searchAfter(
  session: Session,
  filter: TaskFilter & { readonly text: string },
  { after, limit }: PageOfTasks,
): Promise<TaskRow[]> {
  const found: string[] = [];
  let from = after;
  for (;;) {
    const candidates = await session.all<CandidateRow>(
      `SELECT t.id, v.title, v.description FROM tasks t JOIN task_versions v ON v.id = t.current_version_id
      WHERE ${matching}`,
      ...valuesOf(filter, { after: from, limit: tasksPerSearch }),
    );
    found.push(...candidates.filter((task) => hasWords(filter.text, task)).map(({ id }) => id));
    const lastSeen = candidates.at(-1);
    if (found.length >= limit || lastSeen === undefined || candidates.length < tasksPerSearch) break;
    from = lastSeen.id;
  }
  return session.all<TaskRow>(
    `${selectTasks} WHERE t.id = ANY ($1::text[]) ORDER BY t.id LIMIT $2`,
    found,
    limit,
  );
}
