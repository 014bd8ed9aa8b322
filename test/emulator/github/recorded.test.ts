import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type GitHubEmulator, startGitHubEmulator } from "../../../src/emulator/github/github.ts";

const folder = join(import.meta.dirname, "../../fixtures/github/rest-octokit-fixtures");

interface Recorded {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query?: readonly (readonly [string, string])[];
    readonly body: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

function scenario(name: string): readonly Recorded[] {
  const files = globSync("*.json", { cwd: join(folder, name) }).sort();
  return files.map((file) => JSON.parse(readFileSync(join(folder, name, file), "utf8")));
}

/** What the emulator does not do over HTTP, with what stands in for it here. */
const notReplayed: readonly { readonly method: string; readonly path: RegExp; readonly why: string }[] = [
  { method: "POST", path: /^\/orgs\/[^/]+\/repos$/, why: "repositories are made by people.addRepository" },
  { method: "DELETE", path: /^\/repos\/[^/]+\/[^/]+$|^\/repositories\/\d+$/, why: "repositories stay" },
  { method: "PUT", path: /\/contents\//, why: "there are commits without files: people.push" },
  { method: "GET", path: /\/commits\/[^/]+\/statuses$/, why: "the combined status is what is read" },
];

/** Scenarios of what neither a sync nor the emulator knows: organisations, search, old projects, notifications, collaborators, the root. */
const scenarios = [
  "labels",
  "add-labels-to-issue",
  "lock-issue",
  "create-status",
  "errors",
  "paginate-issues",
  "rename-repository",
];

/** Every member with the kinds of values that it was seen to hold: "labels[].name" → string. */
function shapeOf(value: unknown, path = "", into = new Map<string, Set<string>>()): Map<string, Set<string>> {
  const kind = value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
  into.set(path, (into.get(path) ?? new Set()).add(kind));
  if (Array.isArray(value)) for (const each of value) shapeOf(each, `${path}[]`, into);
  else if (typeof value === "object" && value !== null)
    for (const [name, member] of Object.entries(value)) shapeOf(member, `${path}.${name}`, into);
  return into;
}

/** Members of the answer that GitHub did not show there, or showed as another kind of value. */
function strange(answer: unknown, recorded: unknown): readonly string[] {
  const known = shapeOf(recorded);
  return [...shapeOf(answer)].flatMap(([path, kinds]) => {
    const there = known.get(path);
    const isBelowNull = [...known].some(
      ([at, seen]) => path.startsWith(`${at}.`) && seen.has("null") && seen.size === 1,
    );
    const isBelowEmpty = [...known.keys()].every(
      (at) => !at.startsWith(path.slice(0, path.lastIndexOf("[]") + 2)),
    );
    if (there === undefined) return isBelowNull || (path.includes("[]") && isBelowEmpty) ? [] : [path];
    const others = [...kinds].filter((kind) => kind !== "null" && !there.has(kind) && !there.has("null"));
    return others.length === 0 ? [] : [`${path}: ${others.join()}`];
  });
}

/** What GitHub has added since the recordings of 2022. */
const newer = new Set([".state_reason", "[].state_reason"]);

interface Replayed {
  readonly call: Recorded;
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly ids: ReadonlyMap<string, string>;
}

/** Makes the recorded calls, with the ids of here in place of those of then. */
async function replay(name: string, emulator: GitHubEmulator): Promise<readonly Replayed[]> {
  const replayed: Replayed[] = [];
  const ids = new Map<string, string>();
  for (const call of scenario(name)) {
    const { method, path, query = [], body } = call.request;
    const made = call.response.body;
    if (method === "POST" && path.endsWith("/repos") && typeof made === "object" && made !== null) {
      const { id, full_name } = made as { id: number; full_name: string };
      ids.set(String(id), String(emulator.people.addRepository(full_name)));
    }
    if (notReplayed.some((each) => each.method === method && each.path.test(path))) continue;
    const own = path.replace(/^\/repositories\/(\d+)/, (_, id: string) => `/repositories/${ids.get(id)}`);
    const response = await fetch(`${emulator.url}${own}?${new URLSearchParams(Object.fromEntries(query))}`, {
      method,
      redirect: "manual",
      headers: { authorization: `token ${emulator.token}` },
      ...(body === null || method === "GET" ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    replayed.push({
      call,
      status: response.status,
      headers: response.headers,
      body: text === "" ? null : JSON.parse(text),
      ids,
    });
  }
  return replayed;
}

async function started(): Promise<GitHubEmulator> {
  const emulator = await startGitHubEmulator();
  emulator.people.addToken(emulator.token, {
    login: "octokit-fixture-user-a",
    rights: {
      issues: "write",
      pull_requests: "write",
      contents: "write",
      statuses: "write",
      administration: "write",
    },
  });
  return emulator;
}

describe("what GitHub answered", () => {
  it.each(scenarios)("the emulator answers, too: %s", async (name) => {
    await using emulator = await started();
    const replayed = await replay(name, emulator);
    expect(replayed.length).toBeGreaterThan(0);
    for (const { call, status, body } of replayed) {
      const what = `${call.request.method} ${call.request.path}`;
      expect([what, status]).toEqual([what, call.response.status]);
      const odd = strange(body, call.response.body).filter((path) => !newer.has(path));
      expect([what, odd]).toEqual([what, []]);
    }
  });

  it("pages lists with the same links, by the repository's id", async () => {
    await using emulator = await started();
    const pages = (await replay("paginate-issues", emulator)).filter(
      ({ call }) => call.request.method === "GET",
    );
    expect(pages.length).toBe(5);
    for (const { call, headers, body, ids } of pages) {
      const [[was, is] = ["", ""]] = ids;
      const linksIn = (text: string | null | undefined) =>
        [...(text ?? "").matchAll(/<[^>]*?(\/repositories[^>]*)>; rel="(\w+)"/g)].map(
          ([, path, rel]) => `${rel} ${path}`,
        );
      const recorded = linksIn(call.response.headers.link).map((link) => link.replace(was, is));
      expect(linksIn(headers.get("link")).sort()).toEqual(recorded.sort());
      const numbers = (list: unknown) => (Array.isArray(list) ? list.map(({ number }) => number) : []);
      expect(numbers(body)).toEqual(numbers(call.response.body));
    }
  });

  it("leads from a former name to the repository's id", async () => {
    await using emulator = await started();
    const moved = (await replay("rename-repository", emulator)).filter(({ status }) =>
      [301, 307].includes(status),
    );
    expect(moved.map(({ status }) => status)).toEqual([301, 307]);
    for (const { headers, ids } of moved) {
      const [id] = ids.values();
      expect(headers.get("location")).toBe(`${emulator.url}/repositories/${id}`);
    }
  });

  it("refuses with the same words", async () => {
    await using emulator = await started();
    const [refused] = await replay("errors", emulator);
    const said = (body: unknown) => ({ ...(typeof body === "object" ? body : {}), documentation_url: "" });
    expect(said(refused?.body)).toEqual(said(refused?.call.response.body));
  });
});

describe("deliveries", () => {
  it("have no member that GitHub's do not have", async () => {
    const hooks = join(import.meta.dirname, "../../fixtures/github/webhooks");
    const recordedOf = (event: string) => {
      const shape = new Map<string, Set<string>>();
      for (const file of globSync(`${event}/*.json`, { cwd: hooks }))
        shapeOf(JSON.parse(readFileSync(join(hooks, file), "utf8")).payload, "", shape);
      return shape;
    };
    const { createServer } = await import("node:http");
    const received: { event: string; payload: unknown }[] = [];
    const server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      received.push({ event: String(request.headers["x-github-event"]), payload: JSON.parse(text) });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    await using emulator = await started();
    const { people, webhooks } = emulator;
    people.addRepository("acme/app");
    const port = typeof address === "object" && address !== null ? address.port : 0;
    webhooks.add({ url: `http://127.0.0.1:${port}/`, secret: "dummy" });
    const number = people.addIssue("acme/app", { title: "One", labels: ["bug"] });
    people.addMilestone("acme/app", "Sprint");
    people.editIssue("acme/app", number, { title: "Two", milestone: 1, state: "closed" });
    people.comment("acme/app", number, "Words");
    people.status("acme/app", people.push("acme/app", "feature"), { context: "lint", state: "success" });
    people.check("acme/app", people.push("acme/app", "feature"), { name: "build", conclusion: "success" });
    await webhooks.settle();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    // Documented by GitHub, and not in these examples.
    const later =
      /\.(changes|state_reason|avatar_url|gravatar_id|visibility|reactions|timeline_url|performed_via_github_app|pull_requests|permissions)\b/;
    for (const { event, payload } of received.filter((each) => each.event !== "ping")) {
      const known = recordedOf(event);
      const odd = [...shapeOf(payload).keys()].filter((path) => !known.has(path) && !later.test(path));
      expect([event, odd]).toEqual([event, []]);
    }
    expect(new Set(received.map(({ event }) => event)).size).toBe(8);
  });
});
