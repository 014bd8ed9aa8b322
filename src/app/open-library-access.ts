import type { Clock, Ids } from "../core/clock.ts";
import { createBreaker } from "../http/breaker.ts";
import { createHttpClient } from "../http/client.ts";
import { createPacer, type Pacer } from "../http/pacer.ts";
import { createOpenLibrary, type OpenLibrary } from "../recipes/library/open-library.ts";
import type { AnswerStore } from "../store/answer-store.ts";

export interface OpenLibraryRequest {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Where answers are kept between runs. */
  readonly answers: AnswerStore;
  /** An address or a URL, which Open Library asks those for who ask it much. */
  readonly contact: string;
  /** A server in its place; null: Open Library itself. */
  readonly baseUrl: string | null;
  /** A budget of several processes; absent: one of this process alone. */
  readonly pacer?: Pacer | undefined;
}

/** Its answers are small; one that takes longer than this is none. */
const TIMEOUT_MS = 20_000;
const RESPONSE_BYTES_MAX = 8 * 1024 * 1024;
/** The client asks once a second at most; what is repeated counts too. */
const CALLS_PER_MINUTE = 60;

/** Open Library over the network, with retries, Retry-After and a breaker, and the store's memory before it. */
export function openOpenLibrary(request: OpenLibraryRequest): OpenLibrary {
  const { clock, ids, answers, contact, baseUrl } = request;
  const service = "Open Library";
  const http = createHttpClient({
    service,
    baseUrl: baseUrl ?? "https://openlibrary.org",
    headers: {},
    clock,
    random: ids.random,
    pacer: request.pacer ?? createPacer({ clock, ratePerMinute: CALLS_PER_MINUTE }),
    breaker: createBreaker({ clock, service }),
    timeoutMs: TIMEOUT_MS,
    responseBytesMax: RESPONSE_BYTES_MAX,
  });
  return createOpenLibrary({ http, cache: answers, clock, contact });
}
