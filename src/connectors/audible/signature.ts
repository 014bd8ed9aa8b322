import { type KeyObject, sign } from "node:crypto";

interface Signed {
  readonly method: string;
  /** With its query, exactly as it is sent. */
  readonly path: string;
  readonly body: string;
  /** ISO 8601. */
  readonly at: string;
}

/** The headers by which Audible knows that a call comes from a registered device: RSA with SHA-256 over all of the call. */
export function signatureHeaders(
  { method, path, body, at }: Signed,
  { adpToken, key }: { readonly adpToken: string; readonly key: KeyObject },
): Readonly<Record<string, string>> {
  const text = [method, path, at, body, adpToken].join("\n");
  const signature = sign("RSA-SHA256", Buffer.from(text), key).toString("base64");
  return {
    "x-adp-token": adpToken,
    "x-adp-alg": "SHA256withRSA:1.0",
    "x-adp-signature": `${signature}:${at}`,
  };
}
