import { LockstepError } from "../../core/errors.ts";

/** Conditions that a person can do something about. */
const adviceByName: ReadonlyMap<string, string> = new Map([
  [
    "ResourceNotFoundException",
    "Its tables are not there: deploy the stack, or run `lockstep store migrate`; check stage and region as well.",
  ],
  ["AccessDeniedException", "Give this role the right to read and write the three tables of the stage."],
  ["UnrecognizedClientException", "The credentials are not valid there. Check them and the region."],
  ["ExpiredTokenException", "The credentials have expired. Sign in again."],
  ["CredentialsProviderError", "No credentials were found. Sign in, or set AWS_PROFILE or a role."],
  ["ECONNREFUSED", "Nothing listens there. Check the endpoint in the address."],
  ["ENOTFOUND", "There is no such host. Check the region and the endpoint in the address."],
]);

/** The request was not carried out, or it may be sent once more as it is: it names its outcome, or has none of its own. */
const passingNames: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "Throttling",
  "RequestLimitExceeded",
  "TransactionConflictException",
  "TransactionInProgressException",
  "ReplicatedWriteConflictException",
  "InternalServerError",
  "InternalServerErrorException",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  "TimeoutError",
  "RequestTimeout",
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
]);

const passingReasons: ReadonlySet<string> = new Set([
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);

/** Trying the same request again can help. */
export function isPassing(error: unknown): boolean {
  if (reasonsOf(error).includes("ConditionalCheckFailed")) return false;
  if (namesOf(error).some((name) => passingNames.has(name))) return true;
  if (reasonsOf(error).some((reason) => passingReasons.has(reason))) return true;
  return statusOf(error) >= 500;
}

/** A condition did not hold: somebody else was first, or this very request has been carried out before. */
export function isConditionFailed(error: unknown): boolean {
  return (
    namesOf(error).includes("ConditionalCheckFailedException") ||
    reasonsOf(error).includes("ConditionalCheckFailed")
  );
}

export function isMissingTable(error: unknown): boolean {
  return namesOf(error).includes("ResourceNotFoundException");
}

export function isUnknownOperation(error: unknown): boolean {
  return namesOf(error).includes("UnknownOperationException");
}

/** What the SDK or the network threw, as STORE_FAILED with advice. Errors that are ours or bugs pass through. */
export function storeFailure(name: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof LockstepError || cause instanceof TypeError) return cause;
  const names = namesOf(cause);
  const known = names.find((each) => adviceByName.has(each));
  const advice =
    adviceByName.get(known ?? "") ??
    (isPassing(cause)
      ? "It was tried several times. Check the network and the service's health, then try again."
      : "This is unexpected: please report it with the message above.");
  const reasons = reasonsOf(cause);
  const said = cause.message === "" ? names.join(", ") : cause.message;
  return new LockstepError("STORE_FAILED", `the store ${name} failed: ${said}. ${advice}`, {
    cause,
    retry: isPassing(cause) ? "safe" : "never",
    details: { awsError: names[0] ?? null, reasons: reasons.join(", ") },
  });
}

function namesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const code = "code" in error && typeof error.code === "string" ? [error.code] : [];
  const inner = error instanceof AggregateError ? error.errors.flatMap(namesOf) : namesOf(error.cause);
  return [error.name, ...code, ...inner];
}

/** Why each part of a cancelled transaction was not carried out. */
function reasonsOf(error: unknown): string[] {
  if (!(error instanceof Error) || !("CancellationReasons" in error)) return [];
  const { CancellationReasons: reasons } = error;
  if (!Array.isArray(reasons)) return [];
  return reasons.flatMap((reason: unknown) =>
    typeof reason === "object" && reason !== null && "Code" in reason && typeof reason.Code === "string"
      ? [reason.Code]
      : [],
  );
}

function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !("$metadata" in error)) return 0;
  const { $metadata: metadata } = error;
  const isStatus = typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata;
  return isStatus && typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : 0;
}
