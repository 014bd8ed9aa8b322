import type { AnswerStore } from "../answer-store.ts";
import type { Database } from "./database.ts";

/** Answers of outside services, on top of what was there before. */
export const answerSchema = `
CREATE TABLE answers (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL,
  expires_at_ms bigint NOT NULL
);
`;

export function answerStore(database: Database): AnswerStore {
  return {
    async get(key) {
      const row = await database.get<{ readonly value: string; readonly expiresAt: number }>(
        'SELECT value, expires_at_ms AS "expiresAt" FROM answers WHERE key = $1',
        key,
      );
      return row === undefined ? null : { value: JSON.parse(row.value), expiresAt: row.expiresAt };
    },
    async put(key, { value, expiresAt }) {
      await database.run(
        `INSERT INTO answers VALUES ($1, $2, $3)
        ON CONFLICT (key) DO UPDATE SET value = $2, expires_at_ms = $3`,
        key,
        JSON.stringify(value),
        expiresAt,
      );
    },
  };
}
