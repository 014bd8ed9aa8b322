import { describe, expect, it } from "vitest";
import type { Delivery, DeliveryOutcome, GitHubDelivery, TwoWay } from "../../src/app/two-way.ts";
import { LockstepError } from "../../src/core/errors.ts";
import { createLogger } from "../../src/server/logger.ts";
import { startServer } from "../../src/server/server.ts";
import { fakeLockstep, makeRun } from "../cli/fake-lockstep.ts";

async function serve(twoWay: Partial<TwoWay>) {
  const fake = await fakeLockstep();
  fake.script.twoWay = twoWay;
  const log: string[] = [];
  const tokens: string[] = [];
  const server = await startServer({
    lockstep: fake.lockstep,
    port: 0,
    host: "127.0.0.1",
    adminToken: "dummy-admin-token",
    logger: createLogger({ write: (text) => log.push(text) }),
    onToken: (token) => tokens.push(token),
  });
  const send = async (body: string, headers: { readonly [name: string]: string } = {}) => {
    const response = await fetch(`${server.url}/webhook/notion`, { method: "POST", body, headers });
    const answer = (await response.json()) as { ok: boolean; error?: { code: string; message: string } };
    return { status: response.status, answer };
  };
  return { server, send, log, tokens, fake, [Symbol.asyncDispose]: () => server.close() };
}

describe("POST /webhook/notion", () => {
  it("hands on the very bytes with the signature, needing no admin token", async () => {
    const seen: Delivery[] = [];
    await using server = await serve({
      receive: async (delivery) => {
        seen.push(delivery);
        return { kind: "taken", events: 1 };
      },
    });
    const body = '{ "id" :\n"é" }';
    expect(await server.send(body, { "x-notion-signature": "sha256=abc" })).toEqual({
      status: 200,
      answer: { ok: true, events: 1 },
    });
    expect(seen.map(({ body: bytes, signature }) => [Buffer.from(bytes).toString(), signature])).toEqual([
      [body, "sha256=abc"],
    ]);
    await server.send("{}");
    expect(seen[1]?.signature).toBeNull();
  });

  it("answers 401 to what is refused, and says why", async () => {
    await using server = await serve({ receive: async () => ({ kind: "refused", message: "not signed" }) });
    expect(await server.send("{}")).toMatchObject({
      status: 401,
      answer: { ok: false, error: { code: "UNAUTHENTICATED", message: "not signed" } },
    });
  });

  it("answers 503 when the store cannot keep it, so that it is delivered again", async () => {
    await using server = await serve({
      receive: async () => {
        throw new LockstepError("STORE_FAILED", "the disk is full");
      },
    });
    expect(await server.send("{}")).toMatchObject({
      status: 503,
      answer: { error: { code: "STORE_FAILED" } },
    });
  });

  it("answers 413 to more than a mebibyte, and looks at none of it", async () => {
    const seen: unknown[] = [];
    await using server = await serve({
      receive: async (delivery) => {
        seen.push(delivery);
        return { kind: "taken", events: 0 };
      },
    });
    expect(await server.send("x".repeat(1024 * 1024 + 1))).toMatchObject({ status: 413 });
    expect(await server.send("x".repeat(1024 * 1024))).toMatchObject({ status: 200 });
    expect(seen).toHaveLength(1);
  });

  it("counts what does not say how long it is", async () => {
    await using server = await serve({ receive: async () => ({ kind: "taken", events: 0 }) });
    const sendStreamed = async (bytes: number) => {
      const body = new Blob(["x".repeat(bytes)]).stream();
      const url = `${server.server.url}/webhook/notion`;
      return (await fetch(url, { method: "POST", body, duplex: "half" })).status;
    };
    expect(await sendStreamed(1024 * 1024 + 1)).toBe(413);
    expect(await sendStreamed(1024 * 1024)).toBe(200);
  });

  it("asks for a delivery again, a little later, when too many wait to be stored", async () => {
    await using server = await serve({ receive: async () => ({ kind: "busy" }) });
    const response = await fetch(`${server.server.url}/webhook/notion`, { method: "POST", body: "{}" });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("shows the token of a handshake to the operator, and to nobody else", async () => {
    await using server = await serve({ receive: async () => ({ kind: "token", token: "secret_dummy" }) });
    const { status, answer } = await server.send('{"verification_token":"secret_dummy"}');
    expect(status).toBe(200);
    expect(server.tokens).toEqual(["secret_dummy"]);
    expect(JSON.stringify(answer) + server.log.join("")).not.toContain("secret_dummy");
  });

  it("is there for POST alone", async () => {
    await using server = await serve({});
    const headers = { authorization: "Bearer dummy-admin-token" };
    expect((await fetch(`${server.server.url}/webhook/notion`, { headers })).status).toBe(404);
    expect((await fetch(`${server.server.url}/webhook/else`, { method: "POST", headers })).status).toBe(404);
  });
});

describe("a server that follows two-way syncs", () => {
  it("logs their runs, and stops them when it stops", async () => {
    let isStopped = false;
    const server = await serve({
      follow: async (signal, onRun) => {
        onRun({
          sync: "people",
          run: makeRun({ trigger: "poll" }),
          open: { conflicts: 1, holds: 0, problems: 0 },
        });
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        isStopped = true;
      },
    });
    await server.server.close();
    expect(isStopped).toBe(true);
    expect(server.log.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        msg: "run",
        sync: "people",
        trigger: "poll",
        open: { conflicts: 1, holds: 0, problems: 0 },
      }),
    );
  });

  it("fails, schedules and all, when they cannot go on", async () => {
    await using server = await serve({
      follow: async () => {
        throw new LockstepError("SECRET_MISSING", "CRM_URL is not set");
      },
    });
    await expect(server.server.failed).rejects.toMatchObject({ code: "SECRET_MISSING" });
  });
});

describe("the API of two-way syncs", () => {
  const headers = { authorization: "Bearer dummy-admin-token" };

  it("lists what waits for a person, and takes a person's word", async () => {
    const asked: unknown[] = [];
    const note = (name: string, result: object) =>
      (async (input: unknown) => {
        asked.push([name, input]);
        return result;
      }) as never;
    await using server = await serve({
      questions: note("questions", { conflicts: [], holds: [], problems: [] }),
      settle: note("settle", { id: "c" }),
      decide: note("decide", { id: "h" }),
      history: note("history", { sync: "people" }),
    });
    const ask = async (path: string, body?: object) => {
      const init = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
      const response = await fetch(server.server.url + path, init);
      return { status: response.status, body: await response.json() };
    };
    expect(await ask("/api/conflicts?sync=people")).toMatchObject({
      status: 200,
      body: { ok: true, conflicts: [] },
    });
    expect(await ask("/api/conflicts/c", { take: "table" })).toMatchObject({
      body: { conflict: { id: "c" } },
    });
    expect(await ask("/api/holds/h", { decision: "rejected" })).toMatchObject({
      body: { hold: { id: "h" } },
    });
    expect(await ask("/api/records/r/history")).toMatchObject({ body: { ok: true, sync: "people" } });
    expect(await ask("/api/conflicts/c", { take: "mine" })).toMatchObject({ status: 400 });
    expect(asked).toEqual([
      ["questions", { sync: "people", limit: 100 }],
      ["settle", { id: "c", take: "table", by: "api" }],
      ["decide", { id: "h", decision: "rejected", by: "api" }],
      ["history", "r"],
    ]);
  });
});

describe("POST /webhook/github", () => {
  it("hands on the very bytes with GitHub's headers, needing no admin token", async () => {
    const seen: GitHubDelivery[] = [];
    await using server = await serve({
      receiveGitHub: async (delivery) => {
        seen.push(delivery);
        return { kind: "taken", events: 1 };
      },
    });
    const body = '{ "action" :\n"é" }';
    const headers = {
      "x-hub-signature-256": "sha256=abc",
      "x-github-event": "issues",
      "x-github-delivery": "d-1",
    };
    const response = await fetch(`${server.server.url}/webhook/github`, { method: "POST", body, headers });
    expect([response.status, await response.json()]).toEqual([200, { ok: true, events: 1 }]);
    expect(new TextDecoder().decode(seen[0]?.body)).toBe(body);
    expect(seen[0]).toMatchObject({ signature: "sha256=abc", event: "issues", id: "d-1" });
  });

  it("refuses what is not signed, and puts off what it has no room for", async () => {
    let outcome: DeliveryOutcome = { kind: "refused", message: "The signature does not fit." };
    await using server = await serve({ receiveGitHub: async () => outcome });
    const send = () => fetch(`${server.server.url}/webhook/github`, { method: "POST", body: "{}" });
    expect((await send()).status).toBe(401);
    outcome = { kind: "busy" };
    expect((await send()).status).toBe(503);
  });
});
