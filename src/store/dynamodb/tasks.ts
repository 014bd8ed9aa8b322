import { hasWords, idForms } from "../rules.ts";
import type { Link, Store, Task } from "../store.ts";
import { bodyOf } from "./bodies.ts";
import type { Database } from "./database.ts";
import { after as afterText, endOf, keyBeginning, keyText } from "./keys.ts";
import { byIdOf } from "./sorting.ts";
import { listSyncs } from "./syncs.ts";
import { readTasks, taskPlaces } from "./task-places.ts";

/** Tasks read together while a listing looks for those that match. */
const tasksPerRead = 100;

export function taskTopic(database: Database): Pick<Store, "getTask" | "findTasks" | "listTasks"> {
  const places = taskPlaces(database);

  /** For people, so it may read more than a point: of each sync what begins like the reference. */
  async function find(form: string, isExact: boolean): Promise<Task[]> {
    const from = isExact ? keyText(form) : keyBeginning(form);
    const to = isExact ? from : endOf(from);
    const ids = (await database.query({ ...places.tasks, from, to })).map((item) => bodyOf<string>(item));
    for (const syncId of await listSyncs(database)) {
      const links = await database.query({ ...places.links(syncId), from, to });
      ids.push(...links.map((item) => bodyOf<Link>(item).taskId));
    }
    const matches = (id: string | undefined) =>
      id !== undefined && (isExact ? id === form : id.startsWith(form));
    return (await readTasks(database, ids)).filter(({ id, source }) => [id, source?.recordId].some(matches));
  }

  async function findForms(forms: readonly string[], isExact: boolean): Promise<Task[]> {
    const found = new Map<string, Task>();
    for (const form of forms) for (const task of await find(form, isExact)) found.set(task.id, task);
    return [...found.values()].sort(byIdOf);
  }

  return {
    async getTask(taskId) {
      await database.settle();
      return (await readTasks(database, [taskId]))[0] ?? null;
    },
    async findTasks(reference, limit) {
      await database.settle();
      const forms = idForms(reference);
      const exact = await findForms(forms, true);
      return (exact.length > 0 ? exact : await findForms(forms, false)).slice(0, limit);
    },
    async listTasks({ projectScopeId, status, withDeleted = false, text = "" }, { after, limit }) {
      await database.settle();
      const isWanted = (task: Task) =>
        (projectScopeId === undefined || task.projectScopeId === projectScopeId) &&
        (status === undefined || task.current.status === status) &&
        (withDeleted || !task.current.isDeleted) &&
        hasWords(text, task.current);
      const found: Task[] = [];
      const from = after === null ? {} : { from: afterText(keyText(after)) };
      for await (const page of database.pages({ ...places.tasks, ...from, limit: tasksPerRead })) {
        const tasks = await readTasks(
          database,
          page.map((item) => bodyOf<string>(item)),
        );
        found.push(...tasks.filter(isWanted).sort(byIdOf));
        if (found.length > limit) break;
      }
      const items = found.slice(0, limit);
      return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}
