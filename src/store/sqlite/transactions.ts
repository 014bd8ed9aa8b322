import type { DatabaseSync } from "node:sqlite";

export interface Transactions {
  /** One transaction that holds the write lock from its first statement; inside `together`, a part of the common one. */
  write<T>(work: () => T): T;
  /** One transaction for all writes that `work` makes; it begins with the first of them. */
  together(work: () => void): void;
  isTogether(): boolean;
}

/** Transactions on a connection on which nothing else begins or ends one. */
export function transactionsOn(connection: DatabaseSync): Transactions {
  const begin = connection.prepare("BEGIN IMMEDIATE");
  const commit = connection.prepare("COMMIT");
  const mark = connection.prepare("SAVEPOINT part");
  const keep = connection.prepare("RELEASE part");
  /** `lost`: SQLite has taken all back, by what it told; then nothing more is written. */
  let common: { lost: unknown } | null = null;

  function alone<T>(work: () => T): T {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      // SQLite has already rolled back by itself after some failures (full disk, I/O).
      if (connection.isTransaction) connection.exec("ROLLBACK");
      throw error;
    }
  }

  function asPart<T>(all: { lost: unknown }, work: () => T): T {
    if (all.lost !== null) throw all.lost;
    try {
      if (!connection.isTransaction) begin.run();
      mark.run();
      const result = work();
      keep.run();
      return result;
    } catch (error) {
      if (connection.isTransaction) connection.exec("ROLLBACK TO part; RELEASE part");
      else all.lost = error;
      throw error;
    }
  }

  return {
    isTogether: () => common !== null,
    write: (work) => (common === null ? alone(work) : asPart(common, work)),
    together(work) {
      const all = { lost: null };
      common = all;
      try {
        work();
        if (all.lost !== null) throw all.lost;
        if (connection.isTransaction) commit.run();
      } finally {
        common = null;
        if (connection.isOpen && connection.isTransaction) connection.exec("ROLLBACK");
      }
    },
  };
}
