import type { Found } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import type { SourceRecord } from "../../core/record.ts";
import { type Collection, decodeAll, issuesIn } from "./collection.ts";
import { walkIssues } from "./walk.ts";

/**
 * The issues that carry a marker, oldest first, tombstones too. Lists are walked to their end: search lags behind, so that its finding
 * nothing proves nothing. A user's own issues can be listed alone; an App's are looked for among all.
 */
export async function findMarked(
  collection: Collection,
  marker: string,
  signal?: AbortSignal,
): Promise<Found> {
  try {
    const { login, isBot } = await collection.identity(signal);
    // By id: one that is edited during the walk is listed again.
    const records = new Map<string, SourceRecord>();
    const ids = await collection.directory.ids(signal);
    for (const repositoryId of ids) {
      const name = `repository ${repositoryId}`;
      const { client } = collection;
      const creator = isBot ? null : login;
      const walking = walkIssues({ client, repositoryId, name, since: null, etag: null, creator, signal });
      for (;;) {
        const next = await walking.next();
        if (next.done && next.value !== null) return { records: byAge(records), accessProof: null };
        if (next.done) break;
        const { issues } = issuesIn(next.value.items, repositoryId);
        const decoded = await decodeAll(collection, issues, signal);
        for (const record of decoded) if (record.marker === marker) records.set(record.id, record);
      }
    }
    const accessProof = `the issues of ${ids.length === 1 ? "the repository" : `${ids.length} repositories`} were listed to their end`;
    return { records: byAge(records), accessProof };
  } catch (error) {
    if (error instanceof LockstepError && error.code === "ACCESS_LOST")
      return { records: [], accessProof: null };
    throw error;
  }
}

function byAge(records: ReadonlyMap<string, SourceRecord>): readonly SourceRecord[] {
  return [...records.values()].sort((a, b) => {
    const [first, second] = [`${a.createdAt} ${a.id}`, `${b.createdAt} ${b.id}`];
    return first < second ? -1 : first > second ? 1 : 0;
  });
}
