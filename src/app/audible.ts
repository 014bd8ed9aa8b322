import { randomBytes } from "node:crypto";
import { createAudibleClient, deviceSigner } from "../connectors/audible/client.ts";
import type { AudibleCredentials } from "../connectors/audible/credentials.ts";
import {
  findMarketplace,
  hostsOf,
  type Marketplace,
  marketplaces,
} from "../connectors/audible/marketplaces.ts";
import { signInWithPassword } from "../connectors/audible/password-sign-in.ts";
import { deregisterDevice, refreshAccess, registerDevice } from "../connectors/audible/registration.ts";
import { beginSignIn, codeIn, type PendingSignIn, signInLink } from "../connectors/audible/sign-in.ts";
import type { Clock, Ids } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import { createBreaker } from "../http/breaker.ts";
import { createHttpClient, type HttpClient, type HttpClientOptions } from "../http/client.ts";
import { createPacer } from "../http/pacer.ts";
import { type AudibleExportOptions, type AudibleExportReport, exportLibrary } from "./audible-export.ts";
import { type AudibleFiles, audibleFiles } from "./audible-files.ts";
import { AudibleWork, remembering } from "./audible-work.ts";
import { systemClock, systemIds } from "./platform.ts";

export interface OpenAudibleRequest {
  /** Where `.auth/` is, or is made. */
  readonly folder: string;
  /** One server in place of Audible's and Amazon's: a stand-in. */
  readonly baseUrl: string | null;
  readonly clock?: Clock;
  readonly ids?: Ids;
  readonly signal?: AbortSignal | undefined;
}

/** Everything a user can do with Audible, in plain data. */
export interface Audible {
  /** The marketplace that is signed in to; null: none. */
  signedInto(): Promise<string | null>;
  /** Begins a sign-in by browser, in place of any that was begun. The address is where a person signs in. */
  beginSignIn(locale: string): Promise<{ readonly locale: string; readonly link: string }>;
  /** Finishes it with the address at which the browser ended. */
  finishSignIn(landed: string): Promise<{ readonly locale: string }>;
  /** Without a browser, where Amazon lets it pass; else what Amazon asks for besides, and nothing is changed. */
  signInWithPassword(account: {
    readonly locale: string;
    readonly email: string;
    readonly password: string;
  }): Promise<{ readonly locale: string } | { readonly challenge: string }>;
  /** Deregisters the device and forgets its credentials. */
  signOut(): Promise<{ readonly locale: string | null }>;
  /** Throws AUDIBLE_SIGN_IN_NEEDED when nobody is signed in. */
  exportLibrary(
    options: AudibleExportOptions & { readonly locale: string | null },
  ): Promise<AudibleExportReport>;
}

/** Audible says nothing of limits; its own app asks about as often. */
const CALLS_PER_MINUTE = 120;
/** A library page with everything in it takes long. */
const TIMEOUT_MS = 60_000;

export function openAudible(request: OpenAudibleRequest): Audible {
  const { clock = systemClock, ids = systemIds, baseUrl, signal } = request;
  const files = audibleFiles(request.folder);
  const connect = connectorOf({ clock, ids });
  const devicesOf = (marketplace: Marketplace) => ({
    http: connect(hostsOf(marketplace, baseUrl).devices, {}),
    clock,
    signal,
  });

  async function register(pending: PendingSignIn, landed: string): Promise<{ readonly locale: string }> {
    const marketplace = marketplaceOf(pending.locale);
    const credentials = await registerDevice(devicesOf(marketplace), pending, {
      marketplace,
      code: codeIn(landed),
    });
    await files.writeCredentials(credentials);
    await files.clearPending();
    return { locale: credentials.locale };
  }

  /** A token that works for at least a minute from now. */
  async function freshToken(credentials: AudibleCredentials): Promise<AudibleCredentials> {
    const renewed = await refreshAccess(devicesOf(marketplaceOf(credentials.locale)), credentials);
    await files.writeCredentials(renewed);
    return renewed;
  }

  return {
    signedInto: async () => (await files.readCredentials())?.locale ?? null,
    async beginSignIn(locale) {
      const marketplace = marketplaceOf(locale);
      const pending = beginSignIn(marketplace, randomBytes);
      await files.writePending(pending);
      return {
        locale: marketplace.locale,
        link: signInLink(pending, marketplace, hostsOf(marketplace, baseUrl)),
      };
    },
    async finishSignIn(landed) {
      const pending = await files.readPending();
      if (pending === null) throw nothingBegun();
      return register(pending, landed);
    },
    async signInWithPassword({ locale, email, password }) {
      const marketplace = marketplaceOf(locale);
      const pending = beginSignIn(marketplace, randomBytes);
      const link = signInLink(pending, marketplace, hostsOf(marketplace, baseUrl));
      const outcome = await signInWithPassword(link, { email, password }, { send: fetch, signal });
      return outcome.kind === "challenged" ? { challenge: outcome.by } : register(pending, outcome.landed);
    },
    async signOut() {
      const credentials = await files.readCredentials();
      if (credentials !== null) {
        const fresh = await freshToken(credentials);
        await deregisterDevice(devicesOf(marketplaceOf(fresh.locale)), fresh);
      }
      await files.clearAll();
      return { locale: credentials?.locale ?? null };
    },
    async exportLibrary({ locale, ...options }) {
      const credentials = await credentialsIn(files);
      const marketplace = marketplaceOf(locale ?? credentials.locale);
      const { api } = hostsOf(marketplace, baseUrl);
      const signed = connect(api, { sign: deviceSigner(credentials, clock) });
      const unsigned = connect(api, {});
      const renewAccess = async () => (await freshToken(credentials)).accessToken;
      const client = createAudibleClient({ signed, unsigned, renewAccess, signal });
      const calls = () => signed.stats().calls + unsigned.stats().calls;
      const waitingMs = () => signed.stats().waitingMs;
      const deps = { client, clock, locale: marketplace.locale, calls, waitingMs, signal };
      return exportOnwards(deps, credentials, options);
    },
  };
}

/** Goes on where an export stopped that was cut off. */
async function exportOnwards(
  deps: Parameters<typeof exportLibrary>[0],
  credentials: AudibleCredentials,
  options: AudibleExportOptions,
): Promise<AudibleExportReport> {
  const { client, clock, locale } = deps;
  const work = await AudibleWork.open({ folder: options.output, credentials, locale, now: clock.now() });
  try {
    const report = await exportLibrary({ ...deps, client: remembering(client, work) }, options);
    await work.clear();
    return { ...report, remembered: work.found };
  } finally {
    await work.close();
  }
}

/** Clients that share one budget and one breaker. */
function connectorOf({ clock, ids }: { readonly clock: Clock; readonly ids: Ids }) {
  const pacer = createPacer({ clock, ratePerMinute: CALLS_PER_MINUTE });
  const breaker = createBreaker({ clock, service: "Audible" });
  return (baseUrl: string, { sign }: Pick<HttpClientOptions, "sign">): HttpClient =>
    createHttpClient({
      service: "Audible",
      baseUrl,
      headers: { accept: "application/json", "user-agent": "Lockstep" },
      ...(sign === undefined ? {} : { sign }),
      clock,
      random: ids.random,
      pacer,
      breaker,
      timeoutMs: TIMEOUT_MS,
    });
}

async function credentialsIn(files: AudibleFiles): Promise<AudibleCredentials> {
  const credentials = await files.readCredentials();
  if (credentials !== null) return credentials;
  throw new LockstepError(
    "AUDIBLE_SIGN_IN_NEEDED",
    `Nobody is signed in to Audible: expected credentials in ${files.path}. Run \`lockstep audible sign-in\`: it shows a ` +
      "link to sign in at with a browser.",
  );
}

function nothingBegun(): LockstepError {
  return new LockstepError(
    "AUDIBLE_SIGN_IN_FAILED",
    "No sign-in was begun here: run `lockstep audible sign-in` first, sign in at the link that it shows, and give the " +
      "address at which the browser ends.",
  );
}

function marketplaceOf(locale: string): Marketplace {
  const marketplace = findMarketplace(locale);
  if (marketplace !== null) return marketplace;
  const known = marketplaces.map((each) => each.locale).join(", ");
  throw new LockstepError("USAGE", `--locale: expected one of ${known}; got "${locale}".`);
}
