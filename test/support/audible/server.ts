import { createHash, createVerify, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import { type Item, recordedProducts } from "./recorded.ts";
import { type Challenge, challengePages, signInPage, wrongPasswordPage } from "./sign-in-pages.ts";

/** One request, as it came. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What happens in place of an answer. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly text?: string }
  | "drop"
  | "cut";

export interface AudibleServerOptions {
  readonly items: readonly Item[];
  /** Children of series by the series' ASIN, beside those that items and products name. */
  readonly products?: readonly Item[];
  /** Pages go on by token in place of numbers. */
  readonly isPagingByToken?: boolean;
  /** Asked before each answer; null: answer as usual. */
  readonly fault?: (seen: Seen, countOfPath: number) => Fault | null;
}

export const account = { email: "reader@example.org", password: "correct horse" } as const;

interface Device {
  readonly publicKey: KeyObject;
  readonly adpToken: string;
  readonly refreshToken: string;
  isRegistered: boolean;
}

/**
 * Audible and Amazon's sign-in on this machine, over real HTTP: what was recorded is answered as recorded, the rest as the
 * public clients expect it. It believes nothing: codes, verifiers, signatures and tokens are checked.
 */
export class AudibleServer implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly url: string;
  /** What the next sign-in is asked for besides a password. */
  challenge: Challenge | null = null;
  /** Whether signatures are taken; false: tokens only. */
  takesSignatures = true;
  /** The library, to be changed between calls. */
  items: readonly Item[];
  private readonly options: AudibleServerOptions;
  private readonly codes = new Map<string, { readonly challenge: string; readonly clientId: string }>();
  private readonly devices: Device[] = [];
  private readonly accessTokens = new Map<string, Device>();
  private readonly close: () => Promise<void>;

  private constructor(options: AudibleServerOptions, url: string, close: () => Promise<void>) {
    this.options = options;
    this.items = options.items;
    this.url = url;
    this.close = close;
  }

  static async start(options: AudibleServerOptions): Promise<AudibleServer> {
    const server = createServer((request, response) => void self.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const self: AudibleServer = new AudibleServer(options, `http://127.0.0.1:${port}`, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return self;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get devicesRegistered(): number {
    return this.devices.filter(({ isRegistered }) => isRegistered).length;
  }

  /** Every access token given so far stops working, as after their hour. */
  expireAccessTokens(): void {
    this.accessTokens.clear();
  }

  /** As a person takes the device off the account's list. */
  forgetDevices(): void {
    for (const device of this.devices) device.isRegistered = false;
    this.accessTokens.clear();
  }

  calls(path: string): number {
    return this.seen.filter((each) => each.path === path).length;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? "/", this.url);
    const one: Seen = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    this.seen.push(one);
    const fault = this.options.fault?.(one, this.calls(one.path)) ?? null;
    if (fault === "drop") response.destroy();
    else if (fault !== null && fault !== "cut") {
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      response.end(fault.text ?? "{}");
    } else this.answer(one, request.url ?? "/", response, fault === "cut");
  }

  private answer(seen: Seen, rawPath: string, response: ServerResponse, isCut: boolean): void {
    const { status, headers = {}, text } = this.route(seen, rawPath);
    response.writeHead(status, headers);
    if (!isCut) {
      response.end(text);
      return;
    }
    response.write(text.slice(0, text.length / 2));
    setImmediate(() => response.destroy());
  }

  private route(seen: Seen, rawPath: string): Answer {
    const { method, path } = seen;
    if (path === "/ap/signin") return method === "POST" ? this.submit(seen) : this.showForm(seen);
    if (path === "/ap/maplanding") return page(404, "<h1>Page not found</h1>");
    if (path === "/auth/register") return this.register(seen);
    if (path === "/auth/token") return this.refresh(seen);
    if (path === "/auth/deregister") return this.deregister(seen);
    if (!this.isAllowed(seen, rawPath)) return json(401, { error_code: null, message: "Unauthorized" });
    if (path === "/1.0/library") return this.library(seen);
    if (path === "/1.0/catalog/products") return this.products(seen);
    const asin = /^\/1\.0\/catalog\/products\/(\w+)$/.exec(path)?.[1];
    return asin === undefined ? json(404, { message: "Not found" }) : this.product(asin, seen);
  }

  private showForm({ query }: Seen): Answer {
    const clientId = /^device:([0-9a-f]+)$/.exec(query.get("openid.oa2.client_id") ?? "")?.[1];
    const challenge = query.get("openid.oa2.code_challenge");
    const isWhole =
      query.get("openid.oa2.code_challenge_method") === "S256" &&
      query.get("openid.oa2.response_type") === "code" &&
      query.get("openid.return_to") === `${this.url}/ap/maplanding` &&
      (query.get("marketPlaceId") ?? "") !== "";
    if (!isWhole || clientId === undefined || challenge === null) return page(404, "not a functioning page");
    const state = Buffer.from(JSON.stringify({ clientId, challenge })).toString("base64url");
    return {
      ...page(200, signInPage(state)),
      headers: { ...html, "set-cookie": "session-id=1-2-3; Path=/; Secure" },
    };
  }

  private submit({ body, headers }: Seen): Answer {
    const fields = new URLSearchParams(body);
    const state = fields.get("workflowState") ?? "";
    if (!headers.cookie?.includes("session-id=1-2-3") || state === "") return page(200, signInPage("again"));
    if (fields.get("email") !== account.email || fields.get("password") !== account.password)
      return page(200, wrongPasswordPage);
    if (this.challenge !== null) return page(200, challengePages[this.challenge]);
    const code = `code${this.codes.size + 1}`;
    this.codes.set(code, JSON.parse(Buffer.from(state, "base64url").toString("utf8")));
    const landed = `/ap/maplanding?openid.assoc_handle=amzn&openid.oa2.authorization_code=${code}&openid.mode=id_res`;
    return { status: 302, headers: { location: landed }, text: "" };
  }

  private register({ body }: Seen): Answer {
    const { auth_data: auth, registration_data: device } = JSON.parse(body);
    const known = this.codes.get(auth.authorization_code);
    this.codes.delete(auth.authorization_code);
    const challenge = createHash("sha256").update(auth.code_verifier).digest("base64url");
    const clientId = Buffer.from(`${device.device_serial}#${device.device_type}`).toString("hex");
    const isRight =
      known?.challenge === challenge && known.clientId === clientId && auth.client_id === clientId;
    if (!isRight) return json(400, { response: { error: { code: "InvalidValue", message: "bad code" } } });
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const number = this.devices.length + 1;
    const adpToken = `{enc:dummy${number}}{key:dummy}{iv:dummy}{name:dummy}{serial:Mg==}`;
    const made: Device = { publicKey, adpToken, refreshToken: `Atnr|dummy${number}`, isRegistered: true };
    this.devices.push(made);
    const key = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
    const tokens = {
      bearer: { access_token: this.newToken(made), refresh_token: made.refreshToken, expires_in: "3600" },
      mac_dms: { adp_token: adpToken, device_private_key: key },
      website_cookies: [{ Name: "at-main", Value: "dummy" }],
    };
    return json(200, {
      response: { success: { tokens, extensions: { customer_info: { name: "A Reader" } } } },
    });
  }

  private newToken(device: Device): string {
    const token = `Atna|dummy${this.seen.length}`;
    this.accessTokens.set(token, device);
    return token;
  }

  private refresh({ body, headers }: Seen): Answer {
    const form = new URLSearchParams(body);
    const isForm = headers["content-type"] === "application/x-www-form-urlencoded";
    const device = this.devices.find(({ refreshToken }) => refreshToken === form.get("source_token"));
    if (!isForm || device?.isRegistered !== true || form.get("source_token_type") !== "refresh_token")
      return json(400, { error: "invalid_token", error_description: "not registered" });
    return json(200, { access_token: this.newToken(device), token_type: "bearer", expires_in: 3600 });
  }

  private deregister({ headers }: Seen): Answer {
    const device = this.accessTokens.get(headers.authorization?.replace("Bearer ", "") ?? "");
    if (device === undefined) return json(401, { response: { error: { code: "Unauthenticated" } } });
    device.isRegistered = false;
    return json(200, { response: { success: {} } });
  }

  private isAllowed({ method, body, headers }: Seen, rawPath: string): boolean {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
    if (bearer !== undefined) return this.accessTokens.get(bearer)?.isRegistered === true;
    const { "x-adp-token": token, "x-adp-alg": algorithm, "x-adp-signature": signed } = headers;
    const device = this.devices.find(({ adpToken }) => adpToken === token);
    const [, signature = "", at = ""] = /^([^:]+):(.+)$/.exec(String(signed)) ?? [];
    if (!this.takesSignatures || device?.isRegistered !== true || algorithm !== "SHA256withRSA:1.0")
      return false;
    const text = [method, rawPath, at, body, device.adpToken].join("\n");
    return createVerify("RSA-SHA256").update(text).verify(device.publicKey, signature, "base64");
  }

  private library({ query }: Seen): Answer {
    const size = Math.min(Number(query.get("num_results") ?? 50), 1_000);
    const token = query.get("continuation_token");
    const from = token === null ? (Number(query.get("page") ?? 1) - 1) * size : Number(token);
    if (from + size > 10_000 && token === null)
      return json(400, { error_code: null, message: "Implied library size is unsupported" });
    const page = this.items.slice(from, from + size).map((item) => withGroups(item, query));
    const hasMore = this.options.isPagingByToken === true && from + size < this.items.length;
    return json(
      200,
      { items: page, response_groups: groupsOf(query) },
      {
        "total-count": String(this.items.length),
        "state-token": "1700000000000",
        ...(hasMore ? { "continuation-token": String(from + size) } : {}),
      },
    );
  }

  private products({ query }: Seen): Answer {
    const wanted = new Set((query.get("asins") ?? "").split(","));
    if (wanted.size > 50) return json(400, { message: "1 validation error detected: at 'asins'" });
    const known = new Map(this.catalogue().map((each) => [each.asin, each]));
    return json(200, { products: [...wanted].map((asin) => withGroups(known.get(asin) ?? { asin }, query)) });
  }

  private product(asin: string, { query }: Seen): Answer {
    const product = this.catalogue().find((each) => each.asin === asin);
    if (product !== undefined) return json(200, { product: withGroups(product, query) });
    const children = this.catalogue().flatMap((each) => childOf(each, asin) ?? []);
    // As of an ASIN of another marketplace.
    if (children.length === 0) return json(200, { product: { asin } });
    return json(200, {
      product: withGroups({ asin, content_delivery_type: "BookSeries", relationships: children }, query),
    });
  }

  private catalogue(): readonly Item[] {
    const all = [...this.items, ...recordedProducts, ...(this.options.products ?? [])];
    return [...new Map(all.toReversed().map((each) => [each.asin, each])).values()];
  }
}

/** How a series lists a book of it. */
function childOf(product: Item, series: string): Item | null {
  const parents = [product.series, product.relationships].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  const place = parents.find((each: Json) => isJsonObject(each) && each.asin === series);
  if (!isJsonObject(place)) return null;
  const { sequence = null } = place;
  return {
    asin: product.asin ?? null,
    relationship_to_product: "child",
    relationship_type: "series",
    sequence,
    sort: sequence === null ? "99" : String(Number.parseFloat(String(sequence))),
  };
}

/** Without the groups that hold them, titles, series and relations are null: recorded so. */
function withGroups(item: Item, query: URLSearchParams): Item {
  const groups = new Set(groupsOf(query));
  return {
    ...item,
    ...(groups.has("product_desc") ? {} : { title: null, subtitle: null }),
    ...(groups.has("series") ? {} : { series: null }),
    ...(groups.has("relationships") ? {} : { relationships: null }),
    ...(groups.has("contributors") ? {} : { authors: null, narrators: null }),
  };
}

function groupsOf(query: URLSearchParams): string[] {
  return (query.get("response_groups") ?? "").split(",");
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string;
}

const html = { "content-type": "text/html;charset=UTF-8" };

function page(status: number, text: string): Answer {
  return { status, headers: html, text };
}

function json(status: number, value: Json, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, text: JSON.stringify(value) };
}
