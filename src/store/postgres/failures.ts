import { LockstepError } from "../../core/errors.ts";

/** Conditions that a person can do something about. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const adviceByState: ReadonlyMap<string, string> = new Map([
  ["28P01", "Check the user in the address and the password in PGPASSWORD."],
  ["28000", "This user may not connect from here. Check the user, and the server's pg_hba.conf."],
  ["3D000", "Create the database first, or correct its name in the address."],
  ["42501", "Give this user the right to create the schema and to use what is in it."],
  ["53100", "The server's disk is full. Free some space and try again; nothing of this change was kept."],
  ["53300", "The server has no connection left. Close some, or raise its max_connections."],
  ["55P03", "Another process kept a row locked. Wait for it to finish, or stop it, and try again."],
  ["25006", "This server takes no writes. Connect to the primary."],
  ["57P01", "The server was shut down. Start it and try again."],
  ["57P02", "The server crashed. Start it and try again."],
  ["57P03", "The server is starting up or shutting down. Wait a moment and try again."],
]);

/** What the network says before Postgres can say anything. */
const adviceByNetworkCode: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "Nothing listens there. Start the server, or correct host and port in the address."],
  ["ENOTFOUND", "There is no such host. Correct it in the address."],
  ["EAI_AGAIN", "The host's name could not be looked up. Check the network and try again."],
  ["ETIMEDOUT", "The server did not answer. Check the network and the firewall, then try again."],
  ["ECONNRESET", "The server closed the connection. Try again."],
  ["EPIPE", "The server closed the connection. Try again."],
]);

/** The driver's own words, without a code, when the server asks for a password and there is none. */
const missingPassword = /^SASL: .*password/;

/** The same when a connection breaks, or does not come about in time. */
const lostConnection =
  /^(?:Connection terminated|Client has encountered a connection error|timeout exceeded)/;

/** Serialization failure and deadlock: Postgres gave this transaction up for another's sake, and undid all of it. */
const repeatableStates: ReadonlySet<string> = new Set(["40001", "40P01"]);

/** Trying again can help. */
const passingStates: ReadonlySet<string> = new Set([
  ...repeatableStates,
  "53300",
  "55P03",
  "57P01",
  "57P02",
  "57P03",
]);

/** What Postgres or the network threw, as STORE_FAILED with advice. Errors that are ours or bugs pass through. */
export function storeFailure(name: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof LockstepError) return cause;
  const code = codeOf(cause);
  const failed = (advice: string, isPassing: boolean) =>
    new LockstepError("STORE_FAILED", `the store ${name} failed: ${reasonOf(cause)}. ${advice}`, {
      cause,
      retry: isPassing ? "safe" : "never",
      details: code === null ? {} : { postgresCode: code },
    });
  const networkAdvice = adviceByNetworkCode.get(code ?? "");
  if (networkAdvice !== undefined) return failed(networkAdvice, true);
  if (code !== null && /^[0-9A-Z]{5}$/.test(code)) {
    const advice = adviceByState.get(code) ?? "This is unexpected: please report it with the message above.";
    return failed(advice, passingStates.has(code) || code.startsWith("08"));
  }
  if (missingPassword.test(cause.message)) return failed("Set PGPASSWORD in the environment.", false);
  return lostConnection.test(cause.message)
    ? failed("Check the server and the network, then try again.", true)
    : cause;
}

/** Postgres undid the whole transaction for the sake of another one, so that it can simply run again. */
export function isRepeatable(error: unknown): boolean {
  return error instanceof Error && repeatableStates.has(codeOf(error) ?? "");
}

export function storeClosed(name: string): LockstepError {
  return new LockstepError("STORE_FAILED", `the store ${name} was used after it was closed`);
}

function codeOf(error: Error): string | null {
  return "code" in error && typeof error.code === "string" ? error.code : null;
}

/** A host with several addresses fails once for each, in an error without a message of its own. */
function reasonOf(error: Error): string {
  if (error.message !== "" || !(error instanceof AggregateError)) return error.message;
  return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join("; ");
}
