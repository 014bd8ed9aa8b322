import { resolve } from "node:path";

/** Which kind of store an address is of, by what it begins with. */
export type StoreKind = "sqlite" | "postgres" | "dynamodb";

export function storeKindOf(url: string): StoreKind {
  if (url.startsWith("dynamodb:")) return "dynamodb";
  return /^postgres(?:ql)?:/.test(url) ? "postgres" : "sqlite";
}

/** What is wrong with a store's address; null: nothing. Never quotes it, because it may hold a password. */
export function storeUrlProblem(url: string): string | null {
  const kind = storeKindOf(url);
  if (kind === "postgres") return postgresProblem(url);
  if (kind === "dynamodb") return dynamoProblem(url);
  const expected =
    'expected "sqlite:" and a path, as in "sqlite:lockstep.db", or postgres://USER@HOST:PORT/DATABASE, or ' +
    '"dynamodb:" and a stage, as in "dynamodb:dev"';
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

function dynamoProblem(url: string): string | null {
  const query = url.split("?")[1] ?? "";
  const isKnown = [...new URLSearchParams(query).keys()].every((name) => /^(?:region|endpoint)$/.test(name));
  if (isKnown && /^dynamodb:[A-Za-z0-9._-]{1,200}(?:\?|$)/.test(url)) return null;
  return (
    'expected "dynamodb:" and the stage that the tables\' names end with, as in "dynamodb:dev" or ' +
    '"dynamodb:dev?region=eu-central-1"'
  );
}

/** The address with its path, if it has one, made absolute. */
export function absoluteStoreUrl(url: string, folder: string): string {
  if (storeKindOf(url) !== "sqlite") return url;
  return `sqlite:${resolve(folder, url.slice("sqlite:".length).replace(/^\/\//, ""))}`;
}
