import { LockstepError } from "../../core/errors.ts";

/** Primary SQLite result codes that a person can do something about. https://sqlite.org/rescode.html */
const adviceByCode: ReadonlyMap<number, string> = new Map([
  [5, "Another process kept the store locked. Wait for it to finish, or stop it, and try again."],
  [6, "Another process kept a table locked. Wait for it to finish, or stop it, and try again."],
  [8, "The store is read-only. Give this user write permission on the file and on its folder."],
  [10, "The disk reported an error. Check the disk and its free space, then try again."],
  [11, "The file is damaged. Restore it from a copy; `sqlite3 FILE .recover` can save what is readable."],
  [13, "The disk is full. Free some space and try again; nothing of this change was kept."],
  [14, "The file cannot be opened. Check that its folder exists and that this user may write there."],
  [26, "The file is not an SQLite database. Point the store at another path."],
]);

/** Trying again can help when the only trouble was another process holding the lock. */
const busyCodes: ReadonlySet<number> = new Set([5, 6]);

/** What SQLite or the file system threw, as STORE_FAILED with advice. Errors that are ours or bugs pass through. */
export function storeFailure(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof LockstepError) return cause;
  if (hasSqliteCode(cause)) {
    const code = cause.errcode & 0xff;
    const advice = adviceByCode.get(code) ?? "This is unexpected: please report it with the message above.";
    return new LockstepError("STORE_FAILED", `the store ${path} failed: ${cause.message}. ${advice}`, {
      cause,
      retry: isBusy(cause) ? "safe" : "never",
      details: { sqliteCode: cause.errcode },
    });
  }
  if ("code" in cause && cause.code === "ERR_INVALID_STATE") {
    return new LockstepError("STORE_FAILED", `the store ${path} was used after it was closed`, { cause });
  }
  return cause;
}

/** Another process holds a lock that is needed. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && hasSqliteCode(error) && busyCodes.has(error.errcode & 0xff);
}

function hasSqliteCode(error: Error): error is Error & { errcode: number } {
  return "errcode" in error && typeof error.errcode === "number";
}
