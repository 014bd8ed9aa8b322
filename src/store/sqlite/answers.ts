import type { AnswerStore } from "../answer-store.ts";
import type { Database } from "./database.ts";

/** Answers of outside services, on top of what was there before. */
export const answerSchema = `
CREATE TABLE answers (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export function answerStore(database: Database): AnswerStore {
  const byKey = database.query<{ readonly value: string; readonly expires_at_ms: number }>(
    "SELECT value, expires_at_ms FROM answers WHERE key = ?",
  );
  const upsert = database.query(`
    INSERT INTO answers VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET value = ?2, expires_at_ms = ?3`);
  return {
    async get(key) {
      const row = database.read(() => byKey.get(key));
      return row === undefined ? null : { value: JSON.parse(row.value), expiresAt: row.expires_at_ms };
    },
    async put(key, { value, expiresAt }) {
      database.write(() => upsert.run(key, JSON.stringify(value), expiresAt));
    },
  };
}
