import type { Clock } from "../../core/clock.ts";
import { type ErrorCode, LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { SeriesPlace } from "./model.ts";
import { bareTitle, chooseWork, editionSeries, searchedSeries, toPlace } from "./open-library-answers.ts";
import { foldText } from "./text.ts";

/** What the lookup needs of an HTTP client; that of `http/client.ts` fits, with its retries, Retry-After and breaker. */
export interface LibraryHttp {
  request(request: {
    readonly method: "GET";
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
    readonly isSafeRead: true;
    readonly signal?: AbortSignal | undefined;
  }): Promise<{ readonly status: number; readonly body: Json }>;
}

/** Remembers answers between runs. `expiresAt`: ms since the epoch. */
export interface AnswerCache {
  get(key: string): Promise<{ readonly value: Json; readonly expiresAt: number } | null>;
  put(key: string, entry: { readonly value: Json; readonly expiresAt: number }): Promise<void>;
}

/**
 * - `known`: these series, the likeliest first; none when Open Library has the work and no series for it
 * - `unknown`: nobody could be asked (off-line, throttled, refused), or there is no such work. Nothing follows from it.
 */
export type LibraryAnswer =
  | { readonly kind: "known"; readonly places: readonly SeriesPlace[] }
  | { readonly kind: "unknown"; readonly reason: string };

export interface LibraryWork {
  readonly title: string;
  readonly authors: readonly string[];
}

/** One for a process: all who ask take turns. */
export interface OpenLibrary {
  /** Never throws but for CANCELLED. */
  findSeries(work: LibraryWork, signal?: AbortSignal): Promise<LibraryAnswer>;
}

/** https://openlibrary.org/developers/api: one request a second, three with a contact; we stay with one. */
const INTERVAL_MS = 1_000;
const DAY_MS = 24 * 60 * 60_000;
/** Series hardly change; that there is no such work may change sooner. */
const EXPIRES_AFTER_MS = 90 * DAY_MS;
const NOTHING_EXPIRES_AFTER_MS = 14 * DAY_MS;
const WORKS_MAX = 10;
const EDITIONS_MAX = 50;
const searchFields = "key,title,author_name,edition_count,series_key,series_name,series_position";

/** What ends in "unknown": the outside world, never a mistake of ours. */
const outages: ReadonlySet<ErrorCode> = new Set([
  "RATE_LIMITED",
  "UPSTREAM_FAILED",
  "UPSTREAM_TIMEOUT",
  "CIRCUIT_OPEN",
]);

/**
 * Asks Open Library for the series of works: a search, and the editions of the work it finds when the search names no
 * series. Polite: one request a second, and a contact (an address or a URL) in the User-Agent, which Open Library asks for.
 */
export function createOpenLibrary(options: {
  readonly http: LibraryHttp;
  readonly cache: AnswerCache;
  readonly clock: Clock;
  readonly contact: string;
}): OpenLibrary {
  const { http, cache, clock, contact } = options;
  const headers = { "user-agent": `Lockstep (${contact})`, accept: "application/json" };
  let turn: Promise<unknown> = Promise.resolve();
  let earliest = Number.NEGATIVE_INFINITY;

  /** One after the other, and never two within a second. */
  function ask({ path, query, signal }: Question): Promise<Json> {
    const answer = turn.then(async () => {
      const waitMs = earliest - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      earliest = clock.monotonic() + INTERVAL_MS;
      const { status, body } = await http.request({
        method: "GET",
        path,
        query,
        headers,
        isSafeRead: true,
        signal,
      });
      if (status >= 400) throw refusal(path, status);
      return body;
    });
    turn = answer.catch(() => {});
    return answer;
  }

  async function look(title: string, author: string, signal: AbortSignal | undefined): Promise<Json> {
    const query = {
      title: bareTitle(title),
      ...(author === "" ? {} : { author }),
      fields: searchFields,
      limit: String(WORKS_MAX),
    };
    const work = chooseWork(await ask({ path: "/search.json", query, signal }), { title, author });
    if (work === null) return null;
    const searched = searchedSeries(work.doc);
    if (searched.length > 0) return searched;
    const limit = String(EDITIONS_MAX);
    return editionSeries(await ask({ path: `${work.path}/editions.json`, query: { limit }, signal }));
  }

  return {
    async findSeries({ title, authors }, signal) {
      const author = authors[0] ?? "";
      const key = `open-library:${foldText(title)}|${foldText(author)}`;
      const cached = await cache.get(key);
      if (cached !== null && cached.expiresAt > clock.now()) return toAnswer(cached.value);
      try {
        const value = await look(title, author, signal);
        const expiresAt = clock.now() + (value === null ? NOTHING_EXPIRES_AFTER_MS : EXPIRES_AFTER_MS);
        await cache.put(key, { value, expiresAt });
        return toAnswer(value);
      } catch (error) {
        if (!(error instanceof LockstepError) || !outages.has(error.code)) throw error;
        // An old answer is better than none.
        return cached === null ? { kind: "unknown", reason: error.message } : toAnswer(cached.value);
      }
    },
  };
}

interface Question {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

function refusal(path: string, status: number): LockstepError {
  return new LockstepError(
    "UPSTREAM_FAILED",
    `Open Library answered GET ${path} with ${status}. The series is taken from elsewhere; try again later.`,
  );
}

/** Answers are kept as they are read from Open Library, in JSON: null, or a list of places. */
function toAnswer(value: Json): LibraryAnswer {
  if (!Array.isArray(value)) return { kind: "unknown", reason: "Open Library has no such work." };
  return { kind: "known", places: value.flatMap(toPlace) };
}
