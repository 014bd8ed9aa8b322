import type { Clock } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { HttpClient } from "../../http/client.ts";
import { type AudibleCredentials, keyToPem, parseDeviceKey } from "./credentials.ts";
import { app, clientIdOf, describeDevice } from "./device.ts";
import type { Marketplace } from "./marketplaces.ts";
import type { PendingSignIn } from "./sign-in.ts";

/** What registering needs: the server for devices, and the time. */
interface Devices {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Turns the code of a sign-in into a registered device. Throws AUDIBLE_SIGN_IN_FAILED when Audible refuses. */
export async function registerDevice(
  { http, clock, signal }: Devices,
  { serial, verifier }: PendingSignIn,
  { marketplace, code }: { readonly marketplace: Marketplace; readonly code: string },
): Promise<AudibleCredentials> {
  const { status, body } = await http.request({
    method: "POST",
    path: "/auth/register",
    body: {
      // As the app asks for it. Cookies that come along are not kept.
      requested_token_type: ["bearer", "mac_dms", "website_cookies", "store_authentication_cookie"],
      cookies: { website_cookies: [], domain: `.amazon.${marketplace.domain}` },
      registration_data: describeDevice(serial),
      auth_data: {
        client_id: clientIdOf(serial),
        authorization_code: code,
        code_verifier: verifier,
        code_algorithm: "SHA-256",
        client_domain: "DeviceLegacy",
      },
      requested_extensions: ["device_info", "customer_info"],
    },
    // The code works once: a second try after an unclear one could only be refused.
    isSafeRead: false,
    signal,
  });
  const tokens = at(body, "response", "success", "tokens");
  const adpToken = at(tokens, "mac_dms", "adp_token");
  const privateKey = at(tokens, "mac_dms", "device_private_key");
  const refreshToken = at(tokens, "bearer", "refresh_token");
  const accessToken = at(tokens, "bearer", "access_token");
  if (
    status !== 200 ||
    typeof adpToken !== "string" ||
    typeof privateKey !== "string" ||
    typeof refreshToken !== "string" ||
    typeof accessToken !== "string"
  ) {
    throw refused("register this device", status, at(body, "response", "error", "code"));
  }
  return {
    locale: marketplace.locale,
    serial,
    adpToken,
    privateKey: keyToPem(parseDeviceKey(privateKey)),
    refreshToken,
    accessToken,
    accessTokenExpiresAt: expiry(clock, at(tokens, "bearer", "expires_in")),
  };
}

/** The credentials with a new access token. Throws AUDIBLE_SIGN_IN_NEEDED when the device is no longer registered. */
export async function refreshAccess(
  { http, clock, signal }: Devices,
  credentials: AudibleCredentials,
): Promise<AudibleCredentials> {
  const { status, body } = await http.request({
    method: "POST",
    path: "/auth/token",
    form: {
      ...app,
      source_token: credentials.refreshToken,
      source_token_type: "refresh_token",
      requested_token_type: "access_token",
    },
    // It only makes one more token.
    isSafeRead: true,
    signal,
  });
  const accessToken = at(body, "access_token");
  if (status !== 200 || typeof accessToken !== "string") throw noLongerRegistered(status);
  return { ...credentials, accessToken, accessTokenExpiresAt: expiry(clock, at(body, "expires_in")) };
}

/** Takes this device off the account's list; what it was given works no more. */
export async function deregisterDevice(
  { http, signal }: Devices,
  { accessToken }: AudibleCredentials,
): Promise<void> {
  const { status, body } = await http.request({
    method: "POST",
    path: "/auth/deregister",
    headers: { authorization: `Bearer ${accessToken}` },
    body: { deregister_all_existing_accounts: false },
    // A device that is gone stays gone.
    isSafeRead: true,
    signal,
  });
  if (status !== 200) throw refused("deregister this device", status, at(body, "response", "error", "code"));
}

export function noLongerRegistered(status: number): LockstepError {
  return new LockstepError(
    "AUDIBLE_SIGN_IN_NEEDED",
    `Audible no longer accepts this device (${status}): it was deregistered, or the password was changed. Sign in again.`,
  );
}

function refused(what: string, status: number, code: Json | undefined): LockstepError {
  const reason = typeof code === "string" && /^\w{1,60}$/.test(code) ? ` ${code}` : "";
  return new LockstepError(
    "AUDIBLE_SIGN_IN_FAILED",
    `Asked Audible to ${what}, expected 200 with tokens, got ${status}${reason}. A code works once and for some minutes: ` +
      "begin anew, and paste the new address at once.",
  );
}

/** Seconds from now, which Audible gives as a text; an hour when it gives none. */
function expiry(clock: Clock, seconds: Json | undefined): string {
  const given = Number(seconds);
  return new Date(clock.now() + (given > 0 ? given : 3_600) * 1_000).toISOString();
}

/** The value at a path of keys; undefined when there is none. */
function at(json: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, key) => (isJsonObject(value) ? value[key] : undefined), json);
}
