import { createPrivateKey, type KeyObject } from "node:crypto";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";

/** What a registered device signs its calls with. All of it is secret but the locale, the serial and the time. */
export interface AudibleCredentials {
  readonly locale: string;
  readonly serial: string;
  readonly adpToken: string;
  /** PEM. */
  readonly privateKey: string;
  readonly refreshToken: string;
  readonly accessToken: string;
  /** ISO 8601. */
  readonly accessTokenExpiresAt: string;
}

const keys = [
  "locale",
  "serial",
  "adpToken",
  "privateKey",
  "refreshToken",
  "accessToken",
  "accessTokenExpiresAt",
] as const satisfies readonly (keyof AudibleCredentials)[];

/** The credentials of a file; null when something is missing or the key is none. */
export function readCredentials(json: Json): AudibleCredentials | null {
  if (!isJsonObject(json)) return null;
  const texts = keys.map((key) => {
    const value = json[key];
    return typeof value === "string" && value !== "" ? value : null;
  });
  const [locale, serial, adpToken, privateKey, refreshToken, accessToken, accessTokenExpiresAt] = texts;
  if (!locale || !serial || !adpToken || !privateKey || !refreshToken || !accessToken) return null;
  if (!accessTokenExpiresAt || Number.isNaN(Date.parse(accessTokenExpiresAt))) return null;
  if (rsaKey(privateKey) === null) return null;
  return { locale, serial, adpToken, privateKey, refreshToken, accessToken, accessTokenExpiresAt };
}

/** The key that Audible gave: PEM, or DER in base64 (PKCS #1 or #8). Throws AUDIBLE_SIGN_IN_FAILED for anything else. */
export function parseDeviceKey(text: string): KeyObject {
  const key = rsaKey(text);
  if (key !== null) return key;
  throw new LockstepError(
    "AUDIBLE_SIGN_IN_FAILED",
    "Audible registered the device, and its key cannot be read: expected an RSA key as PEM or DER. Sign in again.",
  );
}

/** null: it is none. */
function rsaKey(text: string): KeyObject | null {
  const der = { key: Buffer.from(text, "base64"), format: "der" } as const;
  const attempts = text.includes("-----BEGIN")
    ? [() => createPrivateKey(text)]
    : [() => createPrivateKey({ ...der, type: "pkcs1" }), () => createPrivateKey({ ...der, type: "pkcs8" })];
  for (const attempt of attempts) {
    try {
      const key = attempt();
      if (key.asymmetricKeyType === "rsa") return key;
    } catch {
      // Another form, or none.
    }
  }
  return null;
}

export function keyToPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
