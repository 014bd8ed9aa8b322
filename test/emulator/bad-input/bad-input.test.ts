import { request as send } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Route, routes } from "../../../src/emulator/api/routes.ts";
import type { Emulator } from "../../../src/emulator/index.ts";
import { type JsonObject, object, startQuiet } from "../harness.ts";
import { bodyFor, fillWorkspace, pathFor, type Things } from "./examples.ts";
import { badIds, badQueries, breaks, broken, malformed } from "./weird.ts";

/** https://developers.notion.com/reference/status-codes */
const codes: { readonly [status: string]: readonly string[] } = {
  400: ["invalid_json", "invalid_request_url", "invalid_request", "validation_error", "missing_version"],
  401: ["unauthorized"],
  403: ["restricted_resource"],
  404: ["object_not_found"],
  409: ["conflict_error"],
};

/** The same requests at every run; a few more hunts were made with other seeds. */
const runs = { seed: 20_261_121, numRuns: 20, endOnFailure: true };
const bytesMax = 500_000;

let emulator: Emulator;
let things: Things;
let start: ReturnType<Emulator["snapshot"]>;

beforeAll(async () => {
  emulator = await startQuiet();
  things = await fillWorkspace(emulator);
  start = emulator.snapshot();
});
afterAll(() => emulator.close());

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
  readonly version?: string | undefined;
  readonly headers?: { readonly [name: string]: string };
}

/** One request as it is, through no library that might put it right; resolves when the answer is complete. */
function ask({ method, path, body, version, headers }: Sent): Promise<{ status: number; body: JsonObject }> {
  return new Promise((resolve, reject) => {
    const url = new URL(emulator.url);
    const own = {
      authorization: `Bearer ${emulator.token}`,
      "notion-version": version ?? "2026-03-11",
      ...(body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
      ...headers,
    };
    const options = { host: url.hostname, port: url.port, method, path, headers: own, timeout: 10_000 };
    const sent = send(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const answer = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, body: object(JSON.parse(answer)) });
      });
      response.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer in time: ${method} ${path}`)));
    sent.on("error", reject);
    sent.end(body);
  });
}

/** What the workspace holds, by kind; numbers drawn for ids and cursors are not part of it. */
function contents(): { readonly [kind: string]: string } {
  const { things: kinds, files } = emulator.snapshot();
  const texts = Object.entries({ ...kinds, files }).map(([kind, value]) => [kind, JSON.stringify(value)]);
  return Object.fromEntries(texts);
}

function changedKinds(before: { readonly [kind: string]: string }): string[] {
  return Object.entries(contents()).flatMap(([kind, value]) => (value === before[kind] ? [] : [kind]));
}

/** Sends something dubious. It is answered as Notion might, and when it is refused nothing has changed. */
async function expectSane(sent: Sent): Promise<number> {
  const before = contents();
  const { status, body } = await ask(sent);
  if (status === 200 || status === 202) {
    if (changedKinds(before).length > 0) emulator.restore(start);
    return status;
  }
  const told = `${sent.method} ${sent.path} ${(sent.body ?? "").slice(0, 600)}: ${JSON.stringify(body).slice(0, 1500)}`;
  expect(codes[status] ?? [], told).toContain(body.code);
  expect(body, told).toMatchObject({ object: "error", status });
  expect([typeof body.message, typeof body.request_id], told).toEqual(["string", "string"]);
  expect(changedKinds(before), told).toEqual([]);
  return status;
}

const each = routes.flatMap((route) => {
  const name = `${route.method} ${route.template}`;
  return route.versions.map((version): [string, string, Route] => [name, version, route]);
});
const latest = each.filter(([, version, route]) => version === route.versions.at(-1));
const writing = latest.filter(([, , { method, isForm }]) => method !== "GET" && isForm !== true);

describe("a request as it should be", () => {
  const withBody = writing.filter(([name]) => Object.keys(object(bodyFor(name, noThings))).length > 0);

  it.each(withBody)("%s is accepted, so that breaking it means something", async (name, version, route) => {
    emulator.restore(start);
    const path = `/v1${pathFor(route.template, things)}`;
    const answer = await ask({
      method: route.method,
      path,
      body: JSON.stringify(bodyFor(name, things)),
      version,
    });
    expect([200, 202], JSON.stringify(answer.body)).toContain(answer.status);
    emulator.restore(start);
  });
});

const noThings: Things = {
  pageId: "",
  rowId: "",
  blockId: "",
  audioId: "",
  databaseId: "",
  dataSourceId: "",
  userId: "",
  uploadId: "",
  commentId: "",
  viewId: "",
  propertyId: "",
};

describe("generated requests", () => {
  it.each(each.filter(([, , { method, isForm }]) => method !== "GET" && isForm !== true))(
    "%s at %s: a body broken anywhere is done or refused, never half done",
    async (name, version, route) => {
      await fc.assert(
        fc.asyncProperty(breaks, async (changes) => {
          const body = JSON.stringify(broken(bodyFor(name, things), changes));
          await expectSane({
            method: route.method,
            path: `/v1${pathFor(route.template, things)}`,
            body,
            version,
          });
        }),
        runs,
      );
    },
  );

  it.each(writing)("%s: a body that is no JSON object is invalid_json", async (_name, version, route) => {
    await fc.assert(
      fc.asyncProperty(malformed, async (body) => {
        const path = `/v1${pathFor(route.template, things)}`;
        expect(await expectSane({ method: route.method, path, body, version })).toBe(400);
      }),
      { ...runs, numRuns: 8 },
    );
  });

  it.each(latest.filter(([, , { template }]) => template.includes("{")))(
    "%s: an id that is none, or of nothing, or of something else is refused",
    async (name, version, route) => {
      const wrong = fc.oneof(badIds, fc.constantFrom(...Object.values(noThings).map((_, index) => index)));
      await fc.assert(
        fc.asyncProperty(wrong, async (id) => {
          const path = route.template.replace(/\{\w+\}/, () =>
            String(typeof id === "number" ? Object.values(things)[id] : id),
          );
          const body = route.method === "GET" ? undefined : JSON.stringify(bodyFor(name, things));
          await expectSane({ method: route.method, path: `/v1${pathFor(path, things)}`, body, version });
        }),
        runs,
      );
    },
  );

  it.each(latest)("%s: whatever stands in the query string", async (name, version, route) => {
    await fc.assert(
      fc.asyncProperty(badQueries, async (query) => {
        const path = `/v1${pathFor(route.template, things)}?${query}`;
        const body = route.method === "GET" ? undefined : JSON.stringify(bodyFor(name, things));
        await expectSane({ method: route.method, path, body, version });
      }),
      { ...runs, numRuns: 12 },
    );
  });

  it.each(latest)("%s: other headers than it should have", async (name, _version, route) => {
    const headers = fc.constantFrom<{ readonly [name: string]: string }[]>(
      { "notion-version": "2021-01-01" },
      { "notion-version": "" },
      { "notion-version": "2026-03-11, 2026-03-11" },
      { authorization: "" },
      { authorization: "Basic abc" },
      { authorization: "Bearer ntn_wrong_dummy" },
      { "content-type": "text/plain" },
      { "content-type": "application/x-www-form-urlencoded" },
      { "content-type": "multipart/form-data" },
      { "content-type": "multipart/form-data; boundary=" },
      { "content-type": "multipart/form-data; boundary=x" },
    );
    await fc.assert(
      fc.asyncProperty(headers, async (own) => {
        const path = `/v1${pathFor(route.template, things)}`;
        const body = route.method === "GET" ? undefined : JSON.stringify(bodyFor(name, things));
        await expectSane({ method: route.method, path, body, headers: own });
      }),
      { ...runs, numRuns: 12 },
    );
  });
});

describe("a request that is too large", () => {
  it.each(writing)("%s is refused and changes nothing", async (name, version, route) => {
    const filler = "x".repeat(bytesMax);
    const body = JSON.stringify({ ...object(bodyFor(name, things)), filler });
    const path = `/v1${pathFor(route.template, things)}`;
    expect(await expectSane({ method: route.method, path, body, version })).toBe(400);
  });
});

describe("a body nested as deep as fits", () => {
  it.each(writing)("%s is refused or passed over", async (_name, version, route) => {
    for (const key of ["properties", "filter", "children", "parent", "unknown"]) {
      const body = `{"${key}":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
      await expectSane({
        method: route.method,
        path: `/v1${pathFor(route.template, things)}`,
        body,
        version,
      });
    }
  });
});

describe("a path or method that no endpoint has", () => {
  it.each([
    ["GET", "/"],
    ["GET", "/v1"],
    ["GET", "/v1/"],
    ["GET", "/v2/users"],
    ["PUT", "/v1/users"],
    ["DELETE", "/v1/users"],
    ["GET", "/v1/pages/x/y/z"],
    ["GET", "/v1//users"],
    ["GET", "//example.com/v1/users"],
    ["GET", "/v1/users/%2F..%2Fme"],
    ["GET", "/v1/__proto__"],
    ["OPTIONS", "/v1/users"],
  ])("%s %s is answered as Notion answers unknown URLs", async (method, path) => {
    const response = await fetchRaw(method, path);
    expect(response).toBeLessThan(500);
  });
});

/** The status alone: what is not under /v1 need not be JSON. */
function fetchRaw(method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(emulator.url);
    const headers = { authorization: `Bearer ${emulator.token}`, "notion-version": "2026-03-11" };
    const sent = send({ host: hostname, port, method, path, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end();
  });
}
