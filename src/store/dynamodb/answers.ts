import type { Answer, AnswerStore } from "../answer-store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import type { Database } from "./database.ts";
import { keyText } from "./keys.ts";

/** Without a time to live: an answer past its time is still given. */
export function answerStore(database: Database): AnswerStore {
  const keyOf = (key: string) => ({ pk: `A#${keyText(key)}`, sk: "ANSWER" });
  return {
    async get(key) {
      const item = await database.get({ table: database.sync, ...keyOf(key) });
      return item === null ? null : bodyOf<Answer>(item);
    },
    put: (key, answer) => database.put(database.sync, { ...keyOf(key), body: bodyText(answer) }),
  };
}
