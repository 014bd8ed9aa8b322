import { describe, expect, it } from "vitest";
import { createGitHubClient } from "../../../src/connectors/github/client.ts";
import { manualClock } from "../../engine/manual-clock.ts";
import { githubWorld } from "./world.ts";

const token = "ghp_dummy";

/** A client whose requests are answered here, with where they went. */
function clientWith(
  answer: (url: string, init: RequestInit | undefined) => Response | Promise<Response>,
  baseUrl = "https://github.test/api/v3",
) {
  const urls: string[] = [];
  const clock = countedClock();
  const client = createGitHubClient({
    auth: { kind: "token", token },
    baseUrl,
    clock,
    pace: "none",
    retrySecondMs: 1,
    timeoutMs: 50,
    fetch: async (url, init) => {
      urls.push(String(url));
      return answer(String(url), init);
    },
  });
  return { client, urls, clock };
}

/** With the number of those that wait. */
function countedClock() {
  const clock = manualClock();
  let sleeping = 0;
  const sleep = async (ms: number, signal?: AbortSignal) => {
    sleeping += 1;
    await clock.sleep(ms, signal).finally(() => {
      sleeping -= 1;
    });
  };
  return { ...clock, sleep, sleeping: () => sleeping };
}

const json = (status: number, body: object, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers });

describe("the client", () => {
  it("finds GraphQL beside the REST API of an Enterprise server", async () => {
    const { client, urls } = clientWith(() => json(200, { data: {} }));
    await client.query("query { viewer { login } }", {});
    await client.get("/user");
    expect(urls).toEqual(["https://github.test/api/graphql", "https://github.test/api/v3/user"]);
  });

  it("follows links within its API only", () => {
    const { client } = clientWith(() => json(200, {}));
    expect(client.pathOf("https://github.test/api/v3/repositories/7/issues?page=2")).toBe(
      "/repositories/7/issues?page=2",
    );
    for (const link of [
      "https://evil.test/api/v3/user",
      "http://github.test/api/v3/user",
      "https://github.test/login",
      "https://github.test/api/v30/user",
      ":",
    ])
      expect(client.pathOf(link)).toBeNull();
  });

  it("goes to no redirect by itself", async () => {
    const { client, urls } = clientWith(() =>
      json(301, { message: "Moved Permanently" }, { location: "https://evil.test/" }),
    );
    expect(await client.get("/user")).toMatchObject({ status: 301, location: "https://evil.test/" });
    expect(await client.send({ method: "PATCH", path: "/repositories/7", body: {} })).toMatchObject({
      kind: "answered",
      answer: { status: 301 },
    });
    expect(urls.length).toBe(2);
  });

  it("repeats a read after trouble, three times, and no write", async () => {
    const { client, urls } = clientWith(() => json(502, {}));
    await expect(client.get("/user")).rejects.toMatchObject({ code: "UPSTREAM_FAILED", retry: "safe" });
    expect(urls.length).toBe(4);
    expect(client.stats()).toEqual({ calls: 4, repeats: 3 });
    await client.send({ method: "POST", path: "/user" });
    expect(urls.length).toBe(5);
  });

  it("waits for a short limit by the header, and reports a long one by the reset", async () => {
    const said = "You have exceeded a secondary rate limit";
    const limits = [json(429, { message: said }, { "retry-after": "1" }), json(200, { login: "octocat" })];
    const waiting = clientWith(() => limits.shift() ?? json(500, {}));
    expect(await waiting.client.get("/user")).toMatchObject({ status: 200 });
    expect(waiting.urls.length).toBe(2);
    const bare = clientWith(() => json(429, { message: "slow" }, { "retry-after": "7" }));
    await expect(bare.client.get("/user")).rejects.toMatchObject({ retry: { afterMs: 7_000 } });
    expect(bare.urls.length).toBe(1);
    const date = "Sat, 21 Nov 2026 10:00:00 GMT";
    const reset = String(Date.parse(date) / 1000 + 1_800);
    const spent = clientWith(() =>
      json(
        403,
        { message: "API rate limit exceeded" },
        { date, "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset },
      ),
    );
    await expect(spent.client.get("/user")).rejects.toMatchObject({
      code: "RATE_LIMITED",
      retry: { afterMs: 1_801_000 },
    });
  });

  it("sends nothing to a server that asked to be left alone, until the time is over", async () => {
    const answers = [json(403, { message: "secondary rate limit" }, { "retry-after": "90" })];
    const { client, urls, clock } = clientWith(() => answers.shift() ?? json(200, {}));
    const write = { method: "POST", path: "/user" } as const;
    await client.send(write);
    clock.advance(10_000);
    const held = { code: "RATE_LIMITED", retry: { afterMs: 80_000 } };
    await expect(client.get("/user")).rejects.toMatchObject(held);
    await expect(client.query("{ viewer { login } }", {})).rejects.toMatchObject(held);
    expect(await client.send(write)).toMatchObject({ kind: "unsent", error: held });
    clock.advance(30_000);
    // Soon enough to be waited for, but not by a write that would be too old by then.
    expect(await client.send({ ...write, sendBy: clock.monotonic() + 2_000 })).toMatchObject({
      kind: "unsent",
    });
    const reading = client.get("/user");
    expect(urls.length).toBe(1);
    // The read begins to wait once octokit has let it through.
    while (clock.sleeping() === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(50_000);
    expect(await reading).toMatchObject({ status: 200 });
    expect(urls.length).toBe(2);
  });

  it("gives up on an answer that does not come", async () => {
    const hang = (_: string, init: RequestInit | undefined) =>
      new Promise<Response>((_resolve, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
      );
    const { client } = clientWith(hang);
    expect(await client.send({ method: "POST", path: "/user" })).toMatchObject({
      kind: "unclear",
      error: { code: "UPSTREAM_TIMEOUT" },
    });
  });

  it("says that a connection that never came about sent nothing", async () => {
    const { client } = clientWith(() => {
      throw new TypeError("fetch failed", {
        cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
      });
    });
    const sent = await client.send({ method: "POST", path: "/user" });
    expect(sent).toMatchObject({ kind: "unsent", error: { code: "UPSTREAM_FAILED" } });
    expect(JSON.stringify(sent)).not.toContain(token);
  });

  it("sends nothing once it is cancelled, and says that it may have been received when it was under way", async () => {
    await using world = await githubWorld();
    const stop = new AbortController();
    world.emulator.faults.add({ match: { method: "POST" }, effect: { kind: "hang", when: "before" } });
    const sending = world.client.send({
      method: "POST",
      path: `/repositories/${world.repositoryId}/labels`,
      body: { name: "a" },
      signal: stop.signal,
    });
    while (world.emulator.calls.total === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await sending).toMatchObject({ kind: "unclear", error: { code: "CANCELLED" } });
    const again = await world.client.send({ method: "POST", path: "/user", signal: stop.signal });
    expect(again).toMatchObject({ kind: "unsent", error: { code: "CANCELLED" } });
    await expect(world.client.get("/user", { signal: stop.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });
});
