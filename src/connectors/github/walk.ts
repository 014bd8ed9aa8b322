import { isJsonObject, type Json } from "../../core/json.ts";
import type { Answer } from "./answer.ts";
import type { GitHubClient } from "./client.ts";
import { accessLost, isIssuesDisabled, refusal, saidIn } from "./errors.ts";
import { repositoryPath } from "./repositories.ts";

/** The most that GitHub gives: https://docs.github.com/en/rest/issues/issues#list-repository-issues */
const PAGE_SIZE_MAX = 100;
const SECOND_MS = 1_000;

/** Which issues of a repository are walked. */
export interface Walk {
  readonly client: GitHubClient;
  readonly repositoryId: number;
  /** For messages. */
  readonly name: string;
  /** Those that changed in this second or later (ms); null: all. */
  readonly since: number | null;
  /** Of an earlier answer to the first request of the same walk. */
  readonly etag: string | null;
  /** Only issues that this user made. */
  readonly creator: string | null;
  readonly signal: AbortSignal | undefined;
}

export interface WalkPage {
  /** Nothing of what the tag stood for has changed. */
  readonly isUnchanged: boolean;
  /** Issues and pull requests, the earliest change first; each once as it is. */
  readonly items: readonly Json[];
  readonly answer: Answer;
  /** Everything that changed before this second has been shown (ms); null: not yet. */
  readonly reached: number | null;
}

/**
 * Walks a repository's issues by the time of their last change, always the first page of "changed since": so nothing that is
 * edited, deleted or moved meanwhile shifts anything past us. docs/github.md has the argument. Returns why the
 * walk did not get to its end, or null.
 */
export async function* walkIssues(walk: Walk): AsyncGenerator<WalkPage, string | null, void> {
  const shown = new Map<number, string>();
  let since = walk.since;
  let etag = walk.etag;
  for (;;) {
    const answer = await readPage(walk, listPath(walk, since, "asc"), etag);
    etag = null;
    if (answer.status === 304) {
      yield { isUnchanged: true, items: [], answer, reached: null };
      return null;
    }
    const items = itemsIn(walk, answer);
    const last = lastChange(items);
    yield { isUnchanged: false, items: fresh(items, shown), answer, reached: last };
    if (answer.next === null) return null;
    // One second earlier: whether "since" includes its own second or not, nothing is passed.
    const from = last === null ? null : last - SECOND_MS;
    if (from === null || (since !== null && from <= since)) return yield* walkBack(walk, since, shown);
    since = from;
  }
}

/**
 * More issues changed in one second than fit on a page. They are walked from the newest down: an edit moves its issue to the front,
 * which shows others twice and hides none.
 */
async function* walkBack(
  walk: Walk,
  since: number | null,
  shown: Map<number, string>,
): AsyncGenerator<WalkPage, string | null, void> {
  let path: string | null = listPath(walk, since, "desc");
  while (path !== null) {
    const answer: Answer = await walk.client.get(path, { signal: walk.signal });
    if (answer.status === 422)
      return `${walk.name} has more issues that changed in one second than GitHub lists ("${saidIn(answer.body)}")`;
    demandList(walk, answer);
    yield { isUnchanged: false, items: fresh(itemsIn(walk, answer), shown), answer, reached: null };
    path = answer.next === null ? null : walk.client.pathOf(answer.next);
    if (path === null && answer.next !== null)
      return `the list of ${walk.name} goes on somewhere else than at GitHub`;
  }
  return null;
}

function listPath({ repositoryId, creator }: Walk, since: number | null, direction: "asc" | "desc"): string {
  const query = new URLSearchParams({
    state: "all",
    sort: "updated",
    direction,
    per_page: String(PAGE_SIZE_MAX),
  });
  if (since !== null) query.set("since", toSecond(since));
  if (creator !== null) query.set("creator", creator);
  return repositoryPath({ repositoryId }, `/issues?${query}`);
}

async function readPage(walk: Walk, path: string, etag: string | null): Promise<Answer> {
  const answer = await walk.client.get(path, { etag, signal: walk.signal });
  if (answer.status !== 304) demandList(walk, answer);
  return answer;
}

function demandList({ name }: Walk, answer: Answer): void {
  if (answer.status === 200) return;
  const error = refusal(`the issues of ${name}`, answer);
  const isLost =
    [301, 302, 307, 308, 401, 403, 404, 451].includes(answer.status) || isIssuesDisabled(answer.body);
  throw isLost || answer.status === 410 ? accessLost(error) : error;
}

function itemsIn(walk: Walk, answer: Answer): readonly Json[] {
  if (Array.isArray(answer.body)) return answer.body;
  throw refusal(`the issues of ${walk.name}, and a list`, answer);
}

/** Without what was shown before as it is now. */
function fresh(items: readonly Json[], shown: Map<number, string>): readonly Json[] {
  return items.filter((item) => {
    if (!isJsonObject(item) || typeof item.number !== "number" || typeof item.updated_at !== "string")
      return true;
    if (shown.get(item.number) === item.updated_at) return false;
    shown.set(item.number, item.updated_at);
    return true;
  });
}

function lastChange(items: readonly Json[]): number | null {
  const last = items.at(-1);
  const at =
    isJsonObject(last) && typeof last.updated_at === "string" ? Date.parse(last.updated_at) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** "2026-11-21T10:00:00Z": without fractions, as GitHub writes times. */
export function toSecond(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
