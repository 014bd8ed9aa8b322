import type { Clock } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { HttpResponse } from "../../http/answer.ts";
import type { HttpClient, HttpRequest, Outgoing } from "../../http/client.ts";
import { type AudibleCredentials, parseDeviceKey } from "./credentials.ts";
import { noLongerRegistered } from "./registration.ts";
import { signatureHeaders } from "./signature.ts";

/** What Audible has to say, as it says it: items and products are its own JSON. */
export interface AudibleClient {
  /** The library, newest purchases first, page by page; from a place on that was reached before. */
  libraryPages(after?: LibraryPlace): AsyncIterable<LibraryPage>;
  /**
   * A product of the catalogue with its relations: a series lists its books. null: there is none. What another marketplace
   * has comes as a stub that holds its ASIN alone.
   */
  findProduct(asin: string): Promise<JsonObject | null>;
  /** Products of the catalogue, those that it has, stubs among them; at most `productsPerCallMax` ASINs. */
  getProducts(asins: readonly string[]): Promise<readonly JsonObject[]>;
}

type JsonObject = { readonly [key: string]: Json };

export interface LibraryPage {
  readonly items: readonly JsonObject[];
  /** Items in the whole library, null when Audible does not say. */
  readonly total: number | null;
  /** The token of the next page, null when pages go on by number. */
  readonly next: string | null;
}

/** How far a library was read. */
export interface LibraryPlace {
  readonly pages: number;
  readonly next: string | null;
  /** Of the items that were in them. */
  readonly asins: ReadonlySet<Json | undefined>;
}

const beginning: LibraryPlace = { pages: 0, next: null, asins: new Set() };

/** https://audible.readthedocs.io/en/latest/misc/external_api.html: at most 1,000; large pages time out. */
const ITEMS_PER_PAGE = 200;
/** Audible counts no further by page numbers than 10,000 items. */
const PAGES_MAX = 10_000 / ITEMS_PER_PAGE;
/** With tokens in place of numbers there is no such limit; a library has an end all the same. */
const PAGES_BY_TOKEN_MAX = 500;
/** Products that one call may ask for. */
export const productsPerCallMax = 50;

const libraryGroups = [
  "contributors",
  "media",
  "product_attrs",
  "product_desc",
  "product_details",
  "product_extended_attrs",
  "relationships",
  "series",
  "listening_status",
  "is_finished",
  "percent_complete",
  "library_status",
  "origin",
].join(",");
const productGroups = [
  "contributors",
  "media",
  "product_attrs",
  "product_desc",
  "product_extended_attrs",
  "relationships",
  "series",
  "sku",
].join(",");

export interface AudibleClientOptions {
  /** To the API's host, with `deviceSigner`. */
  readonly signed: HttpClient;
  /** To the same host, without signatures: for calls with a token. */
  readonly unsigned: HttpClient;
  /** A fresh access token, for the case that Audible takes no signatures. */
  readonly renewAccess: () => Promise<string>;
  readonly signal?: AbortSignal | undefined;
}

/** Signs each call as the registered device. */
export function deviceSigner(
  { adpToken, privateKey }: AudibleCredentials,
  clock: Clock,
): (outgoing: Outgoing) => Readonly<Record<string, string>> {
  const key = parseDeviceKey(privateKey);
  return ({ method, url, body }) => {
    const at = new Date(clock.now()).toISOString();
    return signatureHeaders({ method, path: `${url.pathname}${url.search}`, body, at }, { adpToken, key });
  };
}

/** Calls are signed; where Audible refuses that, a token is renewed and taken instead. */
export function createAudibleClient(options: AudibleClientOptions): AudibleClient {
  const { signed, unsigned, renewAccess, signal } = options;
  let token: string | null = null;

  async function get(path: string, query: HttpRequest["query"] = {}): Promise<HttpResponse> {
    const request = { method: "GET", path, query, isSafeRead: true, signal } as const;
    const withToken = (accessToken: string) =>
      unsigned.request({ ...request, headers: { authorization: `Bearer ${accessToken}`, "client-id": "0" } });
    const first = token === null ? await signed.request(request) : await withToken(token);
    if (!isRefusal(first)) return first;
    // The token that we have may have expired since; a new one is the last thing to try.
    token = await renewAccess();
    const second = await withToken(token);
    if (isRefusal(second)) throw noLongerRegistered(second.status);
    return second;
  }

  return {
    async *libraryPages(after = beginning) {
      const seen = new Set(after.asins);
      let { next } = after;
      for (let page = after.pages + 1; page <= (next === null ? PAGES_MAX : PAGES_BY_TOKEN_MAX); page += 1) {
        const place: Readonly<Record<string, string>> =
          next === null ? { page: String(page) } : { continuation_token: next };
        const response: HttpResponse = await get("/1.0/library", { ...libraryQuery, ...place });
        const { items, total } = readPage(response);
        const fresh = items.filter(({ asin }) => !seen.has(asin));
        for (const { asin } of fresh) seen.add(asin);
        next = response.headers.get("continuation-token");
        // A page may hold less than was asked for; only one that brings nothing new is the end.
        if (fresh.length > 0) yield { items: fresh, total, next };
        const isLast = place.continuation_token !== undefined || (total !== null && seen.size >= total);
        if (fresh.length === 0 || (next === null && isLast)) return;
      }
      throw tooLarge(seen.size);
    },
    async findProduct(asin) {
      const path = `/1.0/catalog/products/${encodeURIComponent(asin)}`;
      const response = await get(path, { response_groups: productGroups });
      if (response.status === 404) return null;
      const product = isJsonObject(response.body) ? response.body.product : undefined;
      if (response.status !== 200 || !isJsonObject(product)) throw unexpected(path, response, "a product");
      return product;
    },
    async getProducts(asins) {
      const path = "/1.0/catalog/products";
      const query = {
        asins: asins.join(","),
        response_groups: productGroups,
        num_results: String(productsPerCallMax),
      };
      return listIn(await get(path, query), "products", path);
    },
  };
}

function isRefusal({ status }: HttpResponse): boolean {
  return status === 401 || status === 403;
}

const libraryQuery = {
  num_results: String(ITEMS_PER_PAGE),
  response_groups: libraryGroups,
  image_sizes: "500",
  sort_by: "-PurchaseDate",
};

function readPage(response: HttpResponse): Pick<LibraryPage, "items" | "total"> {
  const total = Number(response.headers.get("total-count") ?? Number.NaN);
  const items = listIn(response, "items", "/1.0/library");
  return { items, total: Number.isInteger(total) && total > 0 ? total : null };
}

function listIn(response: HttpResponse, key: string, path: string): readonly JsonObject[] {
  const list = isJsonObject(response.body) ? response.body[key] : undefined;
  if (response.status !== 200 || !Array.isArray(list)) throw unexpected(path, response, `a list of ${key}`);
  return list.filter((each) => isJsonObject(each));
}

function unexpected(path: string, { status, body }: HttpResponse, wanted: string): LockstepError {
  const message = isJsonObject(body) && typeof body.message === "string" ? body.message.slice(0, 200) : null;
  const said = message === null ? "" : `, which says: ${message}`;
  return new LockstepError(
    "UPSTREAM_FAILED",
    `Asked Audible for GET ${path}, expected ${wanted}, got ${status}${said}. Nothing was written: run again later, and ` +
      "report it if it stays.",
  );
}

function tooLarge(count: number): LockstepError {
  return new LockstepError(
    "UPSTREAM_FAILED",
    `Audible gave ${count} titles and still has more, and counts no further. Nothing was written, because a part of a ` +
      "library would look like all of it.",
  );
}
