import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { LockstepError } from "../../../src/core/errors.ts";

export type Variables = { readonly [name: string]: string | undefined };

/** Which variables are secrets, as `NOTION_TOKEN=lockstep/dev/notion-token`, separated by spaces. Names, never values. */
export const secretNamesVariable = "LOCKSTEP_SECRET_NAMES";
/** What a secret holds until somebody has set it. */
export const unsetSecret = "unset";

/** The environment with the secrets that this function may read, asked for once at its start. */
export async function readVariables(environment: Variables): Promise<Variables> {
  const names = (environment[secretNamesVariable] ?? "").split(" ").filter((pair) => pair !== "");
  if (names.length === 0) return environment;
  const client = new SecretsManagerClient({});
  const secrets = await Promise.all(
    names.map(async (pair) => {
      const [variable = "", id = ""] = pair.split("=");
      const value = await readSecret(client, id);
      return [variable, value === unsetSecret ? undefined : value] as const;
    }),
  );
  client.destroy();
  return { ...environment, ...Object.fromEntries(secrets) };
}

async function readSecret(client: SecretsManagerClient, id: string): Promise<string | undefined> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    return SecretString;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.name : "an unknown failure";
    throw new LockstepError(
      "SECRET_MISSING",
      `The secret "${id}" could not be read (${reason}): check that it is there, and that the function may read it.`,
      { cause },
    );
  }
}
