import { LockstepError } from "../../core/errors.ts";
import type { Fetch } from "../../http/client.ts";
import { landingPath } from "./sign-in.ts";

/**
 * What came of signing in with e-mail and password.
 * - `signedIn`: the address at which it ended, with the code
 * - `challenged`: Amazon wants to see a person, which a browser alone can show
 */
export type PasswordOutcome =
  | { readonly kind: "signedIn"; readonly landed: string }
  | { readonly kind: "challenged"; readonly by: string };

/** Between the form and the landing there are two or three. */
const REDIRECTS_MAX = 10;
const PAGE_BYTES_MAX = 4 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** What a page is recognised by, in the order in which it is asked. */
const challenges: readonly (readonly [sign: RegExp, by: string])[] = [
  [/auth-mfa-form|auth-select-device-form|otpCode/i, "a code of two-step verification"],
  [/resend-approval-alert|approval-notification/i, "an approval on another device"],
  [/cvf-page-content|\/ap\/cvf\//i, "a code that it sent by e-mail or text message"],
  [/auth-captcha-image|<img[^>]+alt="[^"]*CAPTCHA|opfcaptcha|aws-waf|awswaf|arkose/i, "a CAPTCHA"],
];

/**
 * Fills in the form of the sign-in page as a browser without scripts does. Nothing pretends to be a person: Amazon often
 * asks for more than a password, and then the outcome says what, and the browser link is the way. Throws
 * AUDIBLE_SIGN_IN_FAILED when e-mail or password are wrong.
 */
export async function signInWithPassword(
  link: string,
  account: { readonly email: string; readonly password: string },
  { send, signal }: { readonly send: Fetch; readonly signal?: AbortSignal | undefined },
): Promise<PasswordOutcome> {
  const visitor = new Visitor(send, new URL(link).origin, signal);
  const form = await visitor.open(new URL(link));
  if (form.landed !== null) return { kind: "signedIn", landed: form.landed };
  const before = challengeOf(form.html);
  if (before !== null) return before;
  const filled = { ...hiddenInputs(form.html), email: account.email, password: account.password };
  const answer = await visitor.submit(actionOf(form.html, form.url), filled);
  if (answer.landed !== null) return { kind: "signedIn", landed: answer.landed };
  const after = challengeOf(answer.html);
  if (after !== null) return after;
  if (/auth-error-message-box|incorrect|cannot find an account/i.test(answer.html)) {
    throw new LockstepError(
      "AUDIBLE_SIGN_IN_FAILED",
      "Amazon does not accept this e-mail and password. Check both, and the marketplace (--locale); or sign in with the " +
        "browser link.",
    );
  }
  return { kind: "challenged", by: "something this program does not know" };
}

interface Page {
  readonly url: URL;
  readonly html: string;
  /** Set when it is the end of the sign-in. */
  readonly landed: string | null;
}

/** Goes from page to page with the cookies that it was given, and never to another server: the form holds a password. */
class Visitor {
  private readonly cookies = new Map<string, string>();
  private readonly send: Fetch;
  private readonly origin: string;
  private readonly signal: AbortSignal | undefined;

  constructor(send: Fetch, origin: string, signal: AbortSignal | undefined) {
    this.send = send;
    this.origin = origin;
    this.signal = signal;
  }

  async open(url: URL): Promise<Page> {
    return this.visit(url, {});
  }

  async submit(url: URL, fields: Readonly<Record<string, string>>): Promise<Page> {
    return this.visit(url, { method: "POST", body: new URLSearchParams(fields) });
  }

  private async visit(start: URL, init: RequestInit): Promise<Page> {
    let [url, request] = [start, init];
    for (let count = 0; count <= REDIRECTS_MAX; count += 1) {
      if (url.pathname.startsWith(landingPath)) return { url, html: "", landed: url.href };
      if (url.origin !== this.origin) throw strayed();
      const response = await this.exchange(url, request);
      const location = response.headers.get("location");
      if (response.status < 300 || response.status >= 400 || location === null) {
        const html = (await response.text()).slice(0, PAGE_BYTES_MAX);
        return { url, html, landed: null };
      }
      await response.body?.cancel();
      [url, request] = [new URL(location, url), {}];
    }
    throw strayed();
  }

  private async exchange(url: URL, init: RequestInit): Promise<Response> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    try {
      const response = await this.send(url, {
        ...init,
        headers: { accept: "text/html", "accept-language": "en-US", ...(cookie === "" ? {} : { cookie }) },
        redirect: "manual",
        signal: this.signal === undefined ? timeout : AbortSignal.any([timeout, this.signal]),
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^\s*([^=;\s]+)=([^;]*)/.exec(line) ?? [];
        if (name !== undefined && value !== undefined) this.cookies.set(name, value);
      }
      return response;
    } catch (cause) {
      if (this.signal?.aborted)
        throw new LockstepError("CANCELLED", "Cancelled while signing in.", { cause });
      throw new LockstepError(
        "UPSTREAM_FAILED",
        "Amazon's sign-in pages cannot be reached: check the network.",
        {
          cause,
          retry: "safe",
        },
      );
    }
  }
}

function challengeOf(html: string): PasswordOutcome | null {
  const found = challenges.find(([sign]) => sign.test(html));
  return found === undefined ? null : { kind: "challenged", by: found[1] };
}

/** Where the form goes: to itself when it does not say. */
function actionOf(html: string, page: URL): URL {
  const form = /<form[^>]+name="signIn"[^>]*>/i.exec(html)?.[0] ?? /<form[^>]*>/i.exec(html)?.[0] ?? "";
  const action = attribute(form, "action");
  return action === null || !URL.canParse(action, page.href) ? page : new URL(action, page);
}

function hiddenInputs(html: string): Readonly<Record<string, string>> {
  const inputs = html.match(/<input[^>]+>/gi) ?? [];
  return Object.fromEntries(
    inputs
      .filter((input) => attribute(input, "type")?.toLowerCase() === "hidden")
      .map((input) => [attribute(input, "name") ?? "", attribute(input, "value") ?? ""])
      .filter(([name]) => name !== ""),
  );
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  quot: '"',
  lt: "<",
  gt: ">",
  "#39": "'",
  "#x27": "'",
};

function attribute(tag: string, name: string): string | null {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "i").exec(tag);
  const value = found?.[1] ?? found?.[2] ?? null;
  return (
    value?.replace(/&(#?\w+);/g, (whole, entity: string) => entities[entity.toLowerCase()] ?? whole) ?? null
  );
}

function strayed(): LockstepError {
  return new LockstepError(
    "AUDIBLE_SIGN_IN_FAILED",
    "Amazon's sign-in led to another server, where a password does not belong: sign in with the browser link.",
  );
}
