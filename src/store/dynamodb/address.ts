import { LockstepError } from "../../core/errors.ts";

/** Where a store on DynamoDB is: `dynamodb:STAGE?region=…&endpoint=…`, both optional. */
export interface DynamoAddress {
  /** The tables' names end with it. */
  readonly stage: string;
  /** null: as the SDK finds it (AWS_REGION, the profile). */
  readonly region: string | null;
  /** Another server than Amazon's, for tests. */
  readonly endpoint: string | null;
}

const expected =
  'expected "dynamodb:" and a stage, as in "dynamodb:dev" or "dynamodb:dev?region=eu-central-1"; a stage has letters, ' +
  "digits, dots, dashes and underscores";

/** What is wrong with the address; null: nothing. */
export function dynamoAddressProblem(url: string): string | null {
  const match = /^dynamodb:([A-Za-z0-9._-]{1,200})(?:\?(.*))?$/.exec(url);
  if (match === null) return expected;
  const query = new URLSearchParams(match[2] ?? "");
  const unknown = [...query.keys()].find((name) => name !== "region" && name !== "endpoint");
  if (unknown !== undefined) return `${expected}; "${unknown}" means nothing there`;
  const endpoint = query.get("endpoint");
  return endpoint === null || URL.canParse(endpoint) ? null : `${expected}; its endpoint is no URL`;
}

export function parseDynamoAddress(url: string): DynamoAddress {
  const problem = dynamoAddressProblem(url);
  if (problem !== null) {
    throw new LockstepError("STORE_FAILED", `the store's address is not valid: ${problem}`);
  }
  const [stage = "", query = ""] = url.slice("dynamodb:".length).split("?");
  const options = new URLSearchParams(query);
  return { stage, region: options.get("region"), endpoint: options.get("endpoint") };
}

/** How messages call the store. */
export function dynamoName({ stage, region }: DynamoAddress): string {
  return `dynamodb:${stage}${region === null ? "" : ` in ${region}`}`;
}
