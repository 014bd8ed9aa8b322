import type { TaskDatabase } from "./database.ts";

/** Both databases take more parameters than this in one statement. */
const rowsMax = 500;

/**
 * Notes when rows were last in agreement with their pages. No trigger takes it for a change: neither the one that keeps
 * `updated_at`, nor those that tell the sync.
 */
export async function noteSynced(
  database: TaskDatabase,
  { ids, at }: { readonly ids: readonly string[]; readonly at: string },
): Promise<void> {
  for (let from = 0; from < ids.length; from += rowsMax) {
    const some = ids.slice(from, from + rowsMax);
    const places = some.map((_, index) => `$${index + 2}`).join(", ");
    await database.write((run) =>
      run(`UPDATE tasks SET synced_at = $1 WHERE id IN (${places})`, [at, ...some]),
    );
  }
}
