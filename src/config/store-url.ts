import { resolve } from "node:path";

/** Which kind of store an address is of, by what it begins with. */
export type StoreKind = "sqlite" | "postgres";

export function storeKindOf(url: string): StoreKind {
  return /^postgres(?:ql)?:/.test(url) ? "postgres" : "sqlite";
}

/** What is wrong with a store's address; null: nothing. Never quotes it, because it may hold a password. */
export function storeUrlProblem(url: string): string | null {
  if (storeKindOf(url) === "postgres") return postgresProblem(url);
  const expected =
    'expected "sqlite:" and a path, as in "sqlite:lockstep.db", or postgres://USER@HOST:PORT/DATABASE';
  if (!url.startsWith("sqlite:") || url === "sqlite:") return expected;
  return url.includes(":memory:") ? `${expected}; a store in memory is gone when the command ends` : null;
}

function postgresProblem(url: string): string | null {
  const expected = "expected postgres://USER@HOST:PORT/DATABASE";
  if (!URL.canParse(url) || !/^postgres(?:ql)?:\/\//.test(url)) {
    return `${expected}; write characters that have a meaning in addresses as %XX`;
  }
  return new URL(url).pathname.length > 1 ? null : `${expected}; the name of the database is missing`;
}

/** The address with its path, if it has one, made absolute. */
export function absoluteStoreUrl(url: string, folder: string): string {
  if (storeKindOf(url) === "postgres") return url;
  return `sqlite:${resolve(folder, url.slice("sqlite:".length).replace(/^\/\//, ""))}`;
}
