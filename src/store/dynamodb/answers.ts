import type { Answer, AnswerStore } from "../answer-store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import type { Database } from "./database.ts";
import type { Item } from "./items.ts";
import { keyText } from "./keys.ts";

/** Without a time to live: an answer past its time is still given. */
export function answerStore(database: Database): AnswerStore {
  return {
    async get(key) {
      const item = await database.get({ table: database.sync, ...keyOf(key) });
      if (item === null) return null;
      const { value, expiresAt } = bodyOf<KeyedAnswer>(item);
      return { value, expiresAt };
    },
    put: (key, answer) => database.put(database.sync, answerItem({ key, ...answer })),
  };
}

/** An answer, and what it is the answer to: the item's own key may be cut. */
export interface KeyedAnswer extends Answer {
  readonly key: string;
}

export function answerItem(answer: KeyedAnswer): Item {
  return { ...keyOf(answer.key), body: bodyText(answer) };
}

function keyOf(key: string) {
  return { pk: `A#${keyText(key)}`, sk: "ANSWER" };
}
