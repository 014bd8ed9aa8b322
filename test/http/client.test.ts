import { describe, expect, it } from "vitest";
import type { LockstepError } from "../../src/core/errors.ts";
import { createBreaker } from "../../src/http/breaker.ts";
import {
  createHttpClient,
  type Fetch,
  type HttpClientOptions,
  type HttpRequest,
  type Sent,
} from "../../src/http/client.ts";
import { createPacer } from "../../src/http/pacer.ts";
import { type Scripted, scriptedServer } from "./scripted-server.ts";
import { virtualClock } from "./virtual-clock.ts";

const TOKEN = "ntn_dummy_never_shown";
const read: HttpRequest = {
  method: "POST",
  path: "/v1/data_sources/x/query",
  body: { page_size: 100 },
  isSafeRead: true,
};
const write: HttpRequest = {
  method: "PATCH",
  path: "/v1/pages/x",
  body: { properties: {} },
  isSafeRead: false,
};
const ok: Scripted = { json: { object: "list" }, headers: { "x-notion-request-id": "r-1" } };
const limited = (reason: string, retryAfter: string): Scripted => ({
  status: 429,
  headers: { "retry-after": retryAfter, date: "Sat, 21 Nov 2026 10:00:00 GMT" },
  json: { code: "rate_limited", additional_data: { rate_limit_reason: reason } },
});

type Extra = Partial<Pick<HttpClientOptions, "timeoutMs" | "responseBytesMax" | "fetch">>;

function clientOf(url: string, extra: Extra = {}) {
  const clock = virtualClock();
  const client = createHttpClient({
    service: "Notion",
    baseUrl: url,
    headers: { authorization: `Bearer ${TOKEN}` },
    clock,
    random: () => 0.5,
    pacer: createPacer({ clock, ratePerMinute: 180 }),
    breaker: createBreaker({ clock, service: "Notion" }),
    ...extra,
  });
  return { client, clock };
}

const outcomeOf = (promise: Promise<{ status: number }>): Promise<string> =>
  promise.then(
    (response) => `answer ${response.status}`,
    (error: LockstepError) => error.code,
  );

describe("createHttpClient", () => {
  const html = { headers: { "content-type": "text/html", "cf-ray": "8c-FRA" }, text: "<html>no</html>" };
  const faults: readonly {
    name: string;
    fault: Scripted;
    read: [string, number];
    write: [string, number];
  }[] = [
    {
      name: "429",
      fault: limited("public_api_request_rate_limit", "3"),
      read: ["answer 200", 2],
      write: ["answer 200", 2],
    },
    {
      name: "a blocked token",
      fault: limited("public_api_request_blocked", "3"),
      read: ["RATE_LIMITED", 1],
      write: ["RATE_LIMITED", 1],
    },
    {
      name: "a Retry-After of an hour",
      fault: limited("public_api_space_request_rate_limit", "3600"),
      read: ["RATE_LIMITED", 1],
      write: ["RATE_LIMITED", 1],
    },
    { name: "529", fault: { status: 529 }, read: ["answer 200", 2], write: ["answer 200", 2] },
    { name: "500", fault: { status: 500 }, read: ["answer 200", 2], write: ["UPSTREAM_FAILED", 1] },
    {
      name: "502 in HTML",
      fault: { status: 502, ...html },
      read: ["answer 200", 2],
      write: ["UPSTREAM_FAILED", 1],
    },
    { name: "503", fault: { status: 503 }, read: ["answer 200", 2], write: ["UPSTREAM_FAILED", 1] },
    {
      name: "504 in HTML",
      fault: { status: 504, ...html },
      read: ["answer 200", 2],
      write: ["UPSTREAM_FAILED", 1],
    },
    {
      name: "a dropped connection",
      fault: { connection: "drop" },
      read: ["answer 200", 2],
      write: ["UPSTREAM_FAILED", 1],
    },
    {
      name: "a body cut short",
      fault: { ...ok, connection: "cut" },
      read: ["answer 200", 2],
      write: ["UPSTREAM_FAILED", 1],
    },
    {
      name: "a 200 that is not JSON",
      fault: { text: '{"object":' },
      read: ["answer 200", 2],
      write: ["UPSTREAM_FAILED", 1],
    },
    {
      name: "a hanging server",
      fault: { connection: "hang" },
      read: ["answer 200", 2],
      write: ["UPSTREAM_TIMEOUT", 1],
    },
    {
      name: "409",
      fault: { status: 409, json: { code: "conflict_error" } },
      read: ["UPSTREAM_FAILED", 1],
      write: ["UPSTREAM_FAILED", 1],
    },
    {
      name: "400",
      fault: { status: 400, json: { code: "validation_error" } },
      read: ["answer 400", 1],
      write: ["answer 400", 1],
    },
    {
      name: "401",
      fault: { status: 401, json: { code: "unauthorized" } },
      read: ["answer 401", 1],
      write: ["answer 401", 1],
    },
    {
      name: "403",
      fault: { status: 403, json: { code: "restricted_resource" } },
      read: ["answer 403", 1],
      write: ["answer 403", 1],
    },
    {
      name: "403 in HTML",
      fault: { status: 403, ...html },
      read: ["UPSTREAM_FAILED", 1],
      write: ["UPSTREAM_FAILED", 1],
    },
    {
      name: "404",
      fault: { status: 404, json: { code: "object_not_found" } },
      read: ["answer 404", 1],
      write: ["answer 404", 1],
    },
    {
      name: "a redirect",
      fault: { status: 302, headers: { location: "https://example.com/" } },
      read: ["UPSTREAM_FAILED", 1],
      write: ["UPSTREAM_FAILED", 1],
    },
  ];
  it.each(faults)("after $name", async ({ fault, ...expected }) => {
    for (const [request, [outcome, calls]] of [
      [read, expected.read],
      [write, expected.write],
    ] as const) {
      await using server = await scriptedServer([fault, ok]);
      const { client } = clientOf(server.url, { timeoutMs: fault.connection === "hang" ? 60 : 5_000 });
      expect(await outcomeOf(client.request(request))).toBe(outcome);
      expect(server.seen.length).toBe(calls);
      expect(client.stats()).toEqual({ calls, retries: calls - 1, waitingMs: expect.any(Number) });
    }
  });

  it("gives status, body, the server's time and the request id", async () => {
    await using server = await scriptedServer([
      { json: { a: 1 }, headers: { date: "Sat, 21 Nov 2026 10:00:00 GMT", "x-notion-request-id": "r-7" } },
    ]);
    const response = await clientOf(server.url).client.request({
      ...read,
      query: { filter_properties: "a%b" },
    });
    expect(response).toEqual({
      status: 200,
      body: { a: 1 },
      headers: expect.any(Headers),
      date: Date.parse("2026-11-21T10:00:00Z"),
      elapsedMs: expect.any(Number),
      requestId: "r-7",
    });
    expect(server.seen[0]).toMatchObject({
      method: "POST",
      url: "/v1/data_sources/x/query?filter_properties=a%25b",
    });
    expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it("sends an encoded path as it is", async () => {
    await using server = await scriptedServer([ok]);
    await clientOf(server.url).client.request({
      method: "GET",
      path: "/v1/pages/x/properties/Qy~%3E",
      isSafeRead: true,
    });
    expect(server.seen[0]?.url).toBe("/v1/pages/x/properties/Qy~%3E");
  });

  it("waits out a Retry-After longer than its own backoff", async () => {
    await using server = await scriptedServer([limited("public_api_space_request_rate_limit", "240"), ok]);
    const { client, clock } = clientOf(server.url);
    await client.request(write);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(240_000);
  });

  it("says when to come back after a limit that is too long to wait for", async () => {
    await using server = await scriptedServer([limited("public_api_space_request_rate_limit", "3600")]);
    const { client } = clientOf(server.url);
    await expect(client.request(read)).rejects.toMatchObject({
      code: "RATE_LIMITED",
      message: expect.stringContaining("2026-11-21T11:00:00.000Z"),
      retry: { afterMs: 3_600_000 },
    });
  });

  it("gives up a safe read after three tries and tells how often it tried", async () => {
    await using server = await scriptedServer(() => ({ status: 503, headers: { "cf-ray": "8c-FRA" } }));
    const { client } = clientOf(server.url);
    await expect(client.request(read)).rejects.toMatchObject({
      code: "UPSTREAM_FAILED",
      message: expect.stringMatching(/503.*cf-ray 8c-FRA.*Tried 3 times/),
    });
    expect(server.seen.length).toBe(3);
  });

  it("stops asking a service that is down", async () => {
    await using server = await scriptedServer(() => ({ status: 500 }));
    const { client } = clientOf(server.url);
    await expect(client.request(read)).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
    await expect(client.request(read)).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
    expect(server.seen.length).toBe(5);
  });

  it("really aborts the exchange that timed out", async () => {
    await using server = await scriptedServer([{ connection: "hang" }]);
    const { client } = clientOf(server.url, { timeoutMs: 60 });
    await expect(client.request(write)).rejects.toMatchObject({ code: "UPSTREAM_TIMEOUT" });
    await expect.poll(() => server.aborted()).toBe(1);
  });

  it("is cancelled while it waits for an answer", async () => {
    await using server = await scriptedServer([{ connection: "hang" }]);
    const { client } = clientOf(server.url);
    const abort = new AbortController();
    const request = client.request({ ...read, signal: abort.signal });
    await expect.poll(() => server.seen.length).toBe(1);
    abort.abort();
    await expect(request).rejects.toMatchObject({ code: "CANCELLED" });
    await expect.poll(() => server.aborted()).toBe(1);
  });

  it("refuses an answer without end", async () => {
    await using server = await scriptedServer([{ text: `"${"x".repeat(10_000)}"` }]);
    const { client } = clientOf(server.url, { responseBytesMax: 1_000 });
    await expect(client.request(read)).rejects.toMatchObject({
      code: "UPSTREAM_FAILED",
      message: expect.stringContaining("larger than 1000 bytes"),
    });
  });

  it("shows the token in no error, whatever goes wrong", async () => {
    for (const { fault } of faults) {
      await using server = await scriptedServer([fault, fault, fault]);
      const { client } = clientOf(server.url, { timeoutMs: fault.connection === "hang" ? 60 : 5_000 });
      const shown: unknown[] = [];
      const response = await client.request(read).catch((error: LockstepError) => {
        for (let each: unknown = error; each instanceof Error; each = each.cause) {
          shown.push(each.message, each.stack, JSON.stringify(each));
        }
        return null;
      });
      expect(JSON.stringify([shown, response])).not.toContain(TOKEN);
    }
  });
});

describe("sendOnce", () => {
  const inShort = (sent: Sent): string =>
    sent.kind === "answered"
      ? `answered ${sent.response.status} ${sent.failure?.kind ?? "well"}`
      : `${sent.kind} ${sent.error.code}`;

  const html = { headers: { "content-type": "text/html" }, text: "<html>no</html>" };
  const rows: readonly { name: string; answer: Scripted; sent: string }[] = [
    { name: "200", answer: ok, sent: "answered 200 well" },
    { name: "400", answer: { status: 400, json: {} }, sent: "answered 400 well" },
    { name: "409", answer: { status: 409, json: {} }, sent: "answered 409 conflict" },
    { name: "429", answer: limited("public_api_request_rate_limit", "3"), sent: "answered 429 limited" },
    { name: "529", answer: { status: 529 }, sent: "answered 529 overloaded" },
    { name: "503", answer: { status: 503, json: { a: 1 } }, sent: "answered 503 server" },
    { name: "502 in HTML", answer: { status: 502, ...html }, sent: "answered 502 server" },
    { name: "403 in HTML", answer: { status: 403, ...html }, sent: "answered 403 refused" },
    { name: "a redirect", answer: { status: 302, headers: { location: "/" } }, sent: "answered 302 refused" },
    { name: "a 200 that is not JSON", answer: { text: '{"a":' }, sent: "unclear UPSTREAM_FAILED" },
    { name: "a body cut short", answer: { ...ok, connection: "cut" }, sent: "unclear UPSTREAM_FAILED" },
    { name: "a body too large", answer: { text: `"${"x".repeat(2_000)}"` }, sent: "unclear UPSTREAM_FAILED" },
    { name: "a dropped connection", answer: { connection: "drop" }, sent: "unclear UPSTREAM_FAILED" },
    { name: "a hanging server", answer: { connection: "hang" }, sent: "unclear UPSTREAM_TIMEOUT" },
  ];
  it.each(rows)("sends once and says what came, after $name", async ({ answer, sent }) => {
    await using server = await scriptedServer([answer, ok]);
    const timeoutMs = answer.connection === "hang" ? 60 : 5_000;
    const { client } = clientOf(server.url, { timeoutMs, responseBytesMax: 1_000 });
    expect(inShort(await client.sendOnce(write))).toBe(sent);
    expect(server.seen.length).toBe(1);
    expect(client.stats()).toMatchObject({ calls: 1, retries: 0 });
  });

  it("keeps the body of an answer that names what was done", async () => {
    await using server = await scriptedServer([{ status: 503, json: { committed: "p1" } }]);
    expect(await clientOf(server.url).client.sendOnce(write)).toMatchObject({
      kind: "answered",
      response: { status: 503, body: { committed: "p1" } },
    });
  });

  it("knows what never left", async () => {
    const { client } = clientOf(await closedUrl());
    expect(inShort(await client.sendOnce(write))).toBe("unsent UPSTREAM_FAILED");
    expect(inShort(await client.sendOnce({ ...write, signal: AbortSignal.abort() }))).toBe(
      "unsent CANCELLED",
    );
    expect(inShort(await client.sendOnce({ ...write, sendBy: -1 }))).toBe("unsent SENT_TOO_LATE");
    for (let failures = 0; failures < 5; failures += 1) await client.sendOnce(write);
    expect(inShort(await client.sendOnce(write))).toBe("unsent CIRCUIT_OPEN");
  });

  it("does not know what became of a request that was cancelled under way", async () => {
    await using server = await scriptedServer([{ connection: "hang" }]);
    const abort = new AbortController();
    const sending = clientOf(server.url).client.sendOnce({ ...write, signal: abort.signal });
    await expect.poll(() => server.seen.length).toBe(1);
    abort.abort();
    expect(inShort(await sending)).toBe("unclear CANCELLED");
  });
});

/** Where nothing listens. */
async function closedUrl(): Promise<string> {
  const server = await scriptedServer([]);
  await server[Symbol.asyncDispose]();
  return server.url;
}

describe("a fetch in place of sockets", () => {
  const hang: Fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });

  it("gets the whole request, and its answer counts", async () => {
    const seen: unknown[] = [];
    const { client, clock } = clientOf("https://notion.invalid", {
      fetch: async (url, { method, body }) => {
        seen.push([url.href, method, body]);
        return Response.json({ a: 1 }, { headers: { date: "Sat, 21 Nov 2026 10:00:00 GMT" } });
      },
    });
    expect(await client.request(read)).toMatchObject({ status: 200, body: { a: 1 }, elapsedMs: 0 });
    expect(seen).toEqual([["https://notion.invalid/v1/data_sources/x/query", "POST", '{"page_size":100}']]);
    expect(clock.monotonic()).toBe(0);
  });

  it("is given up when the clock says so", async () => {
    const { client, clock } = clientOf("https://notion.invalid", { fetch: hang, timeoutMs: 30_000 });
    await expect(client.request(write)).rejects.toMatchObject({ code: "UPSTREAM_TIMEOUT" });
    expect(clock.monotonic()).toBe(30_000);
  });
});
