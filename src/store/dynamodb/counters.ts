import type { Database } from "./database.ts";
import { type Key, numberIn } from "./items.ts";

/** What numbers are given out to, in the order of arrival. */
export type Counter = "INBOX" | "RUNS";

export function counterKey(database: Database, counter: Counter): Key {
  return { table: database.sync, pk: "STORE", sk: counter };
}

/** The last of so many numbers that nobody else has. A number that was asked for and got lost is never used. */
export async function takeNumbers(database: Database, counter: Counter, count: number): Promise<number> {
  const item = await database.update({
    key: counterKey(database, counter),
    expression: "ADD #last :count",
    names: { "#last": "lastSeq" },
    values: { ":count": count },
  });
  return numberIn(item, "lastSeq");
}
