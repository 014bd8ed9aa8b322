import { describe, expect, it } from "vitest";
import { createBreaker } from "../../src/http/breaker.ts";
import { createHttpClient, type HttpClient, type HttpClientOptions } from "../../src/http/client.ts";
import { createPacer } from "../../src/http/pacer.ts";
import { scriptedServer } from "./scripted-server.ts";
import { virtualClock } from "./virtual-clock.ts";

const ok = { json: {} };
const asks = { method: "POST", path: "/library", isSafeRead: true } as const;

function clientOf(baseUrl: string, extra: Pick<HttpClientOptions, "sign"> = {}): HttpClient {
  const clock = virtualClock();
  const service = "A service";
  const pacer = createPacer({ clock, ratePerMinute: 60 });
  const breaker = createBreaker({ clock, service });
  return createHttpClient({
    service,
    baseUrl,
    headers: {},
    clock,
    random: () => 0.5,
    pacer,
    breaker,
    ...extra,
  });
}

describe("what is sent", () => {
  it("signs each exchange anew, over what is sent", async () => {
    await using server = await scriptedServer([{ status: 503 }, ok]);
    const signed: unknown[] = [];
    const client = clientOf(server.url, {
      sign: ({ method, url, body }) => {
        signed.push([method, `${url.pathname}${url.search}`, body]);
        return { "x-signature": String(signed.length) };
      },
    });
    await client.request({ ...asks, query: { page: "a b" }, body: { a: 1 } });
    const outgoing = ["POST", "/library?page=a+b", '{"a":1}'];
    expect(signed).toEqual([outgoing, outgoing]);
    expect(server.seen.map(({ method, url, body }) => [method, url, body])).toEqual(signed);
    expect(server.seen.map(({ headers }) => headers["x-signature"])).toEqual(["1", "2"]);
  });

  it("sends a form as a form", async () => {
    await using server = await scriptedServer([ok]);
    await clientOf(server.url).request({ ...asks, form: { token: "a|b", name: "ä" } });
    expect(server.seen[0]?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(server.seen[0]?.body).toBe("token=a%7Cb&name=%C3%A4");
  });
});
