import type { Reply } from "../api/reply.ts";
import type { JsonObject } from "../json.ts";
import type { Handling } from "./veil.ts";

const answersMax = 1000;

/** The last true answer to each read, for reads that are to be answered with what is no longer so. */
export class Memory {
  readonly #answers = new Map<string, JsonObject | Reply>();

  /** Answers and remembers. */
  keep(handling: Handling): JsonObject | Reply {
    const answer = handling.handle();
    const key = keyOf(handling);
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > answersMax && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }

  clear(): void {
    this.#answers.clear();
  }

  /** The last answer, or the true one when there is none. */
  recall(handling: Handling): JsonObject | Reply {
    return this.#answers.get(keyOf(handling)) ?? this.keep(handling);
  }
}

function keyOf({ call, route }: Handling): string {
  const { connection, version, params, query, body } = call;
  return JSON.stringify([
    connection.token,
    version,
    route.method,
    route.template,
    params,
    query.toString(),
    body,
  ]);
}
