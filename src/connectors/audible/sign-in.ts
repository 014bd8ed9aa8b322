import { createHash } from "node:crypto";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { associationOf, clientIdOf, serialFrom } from "./device.ts";
import type { AudibleHosts, Marketplace } from "./marketplaces.ts";

/** A sign-in that was begun: what it takes to finish it. The verifier is a secret until then. */
export interface PendingSignIn {
  readonly locale: string;
  readonly serial: string;
  /** PKCE: proves that whoever brings the code is who asked for it (RFC 7636). */
  readonly verifier: string;
}

/** Random bytes of good quality, as many as asked for. */
export type RandomBytes = (count: number) => Uint8Array;

const SERIAL_BYTES = 16;
const VERIFIER_BYTES = 32;
const anyone = "http://specs.openid.net/auth/2.0/identifier_select";

export function beginSignIn({ locale }: Marketplace, randomBytes: RandomBytes): PendingSignIn {
  return {
    locale,
    serial: serialFrom(randomBytes(SERIAL_BYTES)),
    verifier: Buffer.from(randomBytes(VERIFIER_BYTES)).toString("base64url"),
  };
}

/** The address at which a person signs in with a browser. It ends at a page that does not exist, whose address holds the code. */
export function signInLink(
  { serial, verifier }: PendingSignIn,
  marketplace: Marketplace,
  { pages }: AudibleHosts,
): string {
  const query = {
    "openid.oa2.response_type": "code",
    "openid.oa2.code_challenge_method": "S256",
    "openid.oa2.code_challenge": createHash("sha256").update(verifier).digest("base64url"),
    "openid.return_to": `${pages}${landingPath}`,
    "openid.assoc_handle": associationOf(marketplace.locale),
    "openid.identity": anyone,
    pageId: "amzn_audible_ios",
    accountStatusPolicy: "P1",
    "openid.claimed_id": anyone,
    "openid.mode": "checkid_setup",
    "openid.ns.oa2": "http://www.amazon.com/ap/ext/oauth/2",
    "openid.oa2.client_id": `device:${clientIdOf(serial)}`,
    "openid.ns.pape": "http://specs.openid.net/extensions/pape/1.0",
    marketPlaceId: marketplace.marketplaceId,
    "openid.oa2.scope": "device_auth_access",
    forceMobileLayout: "true",
    "openid.ns": "http://specs.openid.net/auth/2.0",
    "openid.pape.max_auth_age": "0",
  };
  return `${pages}/ap/signin?${new URLSearchParams(query)}`;
}

export const landingPath = "/ap/maplanding";

/** The code in the address at which a sign-in ended. Throws AUDIBLE_SIGN_IN_FAILED, saying what the address is instead. */
export function codeIn(landed: string): string {
  const text = landed.trim().replace(/^["'<]+|["'>]+$/g, "");
  const url = URL.canParse(text) ? new URL(text) : null;
  const code = url?.searchParams.get("openid.oa2.authorization_code") ?? "";
  if (code !== "") return code;
  const what =
    url === null
      ? "is no address"
      : url.pathname.startsWith("/ap/signin")
        ? "is the link itself, before signing in"
        : "holds no code";
  throw new LockstepError(
    "AUDIBLE_SIGN_IN_FAILED",
    `Expected the address at which signing in ended (…${landingPath}?openid.oa2.authorization_code=…); what was given ${what}. ` +
      "Sign in at the link, and copy the whole address of the page that cannot be found.",
  );
}

/** As a file keeps it; null when it is none. */
export function readPendingSignIn(json: Json): PendingSignIn | null {
  if (!isJsonObject(json)) return null;
  const { locale, serial, verifier } = json;
  if (typeof locale !== "string" || typeof serial !== "string" || typeof verifier !== "string") return null;
  return { locale, serial, verifier };
}
