import { LockstepError } from "../../core/errors.ts";

/** The schema that holds the tables, unless another is asked for. */
export const defaultSchema = "lockstep";

/** What is wrong with the address of a Postgres store; null: nothing. Never quotes it: it may hold a password. */
export function postgresAddressProblem(url: string): string | null {
  const expected = "expected postgres://USER@HOST:PORT/DATABASE";
  if (!/^postgres(?:ql)?:\/\//.test(url)) return expected;
  if (!URL.canParse(url)) return `${expected}, which this is not; write special characters as %XX`;
  return new URL(url).pathname.length > 1 ? null : `${expected}; the name of the database is missing`;
}

/** The address without what may be secret in it, and the schema where it is not the usual one. */
export function postgresName(url: string, schema = defaultSchema): string {
  const { username, host, pathname } = parse(url);
  const user = username === "" ? "" : `${username}@`;
  return `postgres://${user}${host}${pathname}${schema === defaultSchema ? "" : ` (schema ${schema})`}`;
}

function parse(url: string): URL {
  const problem = postgresAddressProblem(url);
  if (problem !== null)
    throw new LockstepError("STORE_FAILED", `the store's address is not valid: ${problem}`);
  return new URL(url);
}
