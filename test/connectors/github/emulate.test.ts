import { createServer } from "node:http";
import { createEmulator } from "emulate";
import { describe, expect, it } from "vitest";
import { pull } from "../../../src/connector/connector.suite.ts";
import type { RecordWrite } from "../../../src/connector/connector.ts";
import { createGitHubClient } from "../../../src/connectors/github/client.ts";
import { createComments } from "../../../src/connectors/github/comment-client.ts";
import { createGitHubConnector } from "../../../src/connectors/github/connector.ts";
import { createPullRequests } from "../../../src/connectors/github/pull-request-client.ts";
import { startGitHubEmulator } from "../../../src/emulator/github/github.ts";
import { KEY, REPO } from "./world.ts";

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: () => Promise.reject(new Error("nothing sleeps here")),
};
const now = { sendBy: Number.POSITIVE_INFINITY };
const expected = { revision: "" };
const option = (name: string) => ({ id: null, name });

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** A branch with a commit of its own. */
  readonly branch: string;
}

/** An independent GitHub on localhost: another author's idea of what GitHub does. */
async function independent(): Promise<Server> {
  const token = "ghp_dummy";
  const emulate = await createEmulator({
    service: "github",
    port: 0,
    seed: {
      tokens: { [token]: { login: "octocat", scopes: ["repo"] } },
      github: {
        users: [{ login: "octocat" }, { login: "hubot" }, { login: "acme" }],
        repos: [{ owner: "acme", name: "app", private: false, auto_init: true }],
      },
    },
  });
  const proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    // It knows repositories by name alone.
    const path = (request.url ?? "").replace(/^\/repositories\/\d+/, `/repos/${REPO}`);
    const headers = {
      authorization: String(request.headers.authorization),
      accept: "application/vnd.github+json",
      "content-type": "application/json",
    };
    const answer = await fetch(`${emulate.url}${path}`, {
      method: request.method ?? "GET",
      redirect: "manual",
      headers,
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    const text = await answer.text();
    const link = answer.headers.get("link")?.replaceAll(emulate.url, url);
    response.writeHead(answer.status, {
      "content-type": answer.headers.get("content-type") ?? "application/json",
      ...(link === undefined ? {} : { link }),
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${emulate.url}/repos/${REPO}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return readSha(await answer.json());
  };
  await ask("POST", "/git/refs", { ref: "refs/heads/feature", sha: await ask("GET", "/git/ref/heads/main") });
  await ask("PUT", "/contents/file.txt", {
    message: "A file",
    content: Buffer.from("words").toString("base64"),
    branch: "feature",
  });
  return {
    url,
    token,
    branch: "feature",
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      });
      await emulate.close();
    },
  };
}

function readSha(reference: unknown): string {
  const object =
    typeof reference === "object" && reference !== null && "object" in reference ? reference.object : null;
  return typeof object === "object" && object !== null && "sha" in object ? String(object.sha) : "";
}

async function own(): Promise<Server> {
  const emulator = await startGitHubEmulator();
  const { people, token, url } = emulator;
  people.addUser("hubot");
  people.addRepository(REPO);
  people.push(REPO, "feature");
  return { url, token, branch: "feature", [Symbol.asyncDispose]: () => emulator.close() };
}

/**
 * The same day at either server; what came of it, without ids and times. Where the other one differs from GitHub's documentation it is not asked: a second pull request for a branch, one for a branch that is not
 * there (422 at GitHub), and what a merge of another head is called (409 at GitHub).
 */
async function play({ url, token, branch }: Server): Promise<readonly unknown[]> {
  const client = createGitHubClient({
    auth: { kind: "token", token },
    baseUrl: url,
    clock,
    pace: "none",
    retrySecondMs: 1,
  });
  const connector = createGitHubConnector({
    client,
    clock,
    repositories: [REPO],
    markerKeys: [KEY],
    provisionMilestones: true,
  });
  const diary: unknown[] = [];
  const apply = async (write: RecordWrite) => {
    const outcome = await connector.apply(write, now);
    if (outcome.kind !== "applied") {
      diary.push([write.kind, outcome.kind, "code" in outcome ? outcome.code : ""]);
      return "";
    }
    const { presence, marker, isOurs, fields } = outcome.record;
    const {
      created_at: _,
      closed_at: __,
      labels,
      milestone,
      assignees,
      repository: ___,
      url: ____,
      ...plain
    } = fields;
    const names = (value: unknown) => (Array.isArray(value) ? value.map(({ name }) => name) : value);
    const title =
      typeof milestone === "object" && milestone !== null && "name" in milestone ? milestone.name : milestone;
    diary.push([write.kind, presence, marker, isOurs, plain, names(labels), names(assignees), title]);
    return outcome.record.id;
  };
  const id = await apply({
    kind: "create",
    marker: "page-1",
    fields: {
      title: "One",
      body: "Words\n\n- and a list",
      labels: [option("bug"), option("P1")],
      assignees: ["hubot"],
      milestone: option("Sprint 4"),
    },
  });
  await apply({ kind: "create", marker: "page-2", fields: { title: "Two" } });
  await apply({ kind: "update", id, fields: { state: option("completed") }, expected });
  await apply({
    kind: "update",
    id,
    fields: { state: option("open"), title: "Uno", labels: [], assignees: [] },
    expected,
  });
  await apply({ kind: "update", id, fields: { milestone: null, body: "" }, expected });
  await apply({ kind: "update", id: id.replace(/\d+$/, "999"), fields: { title: "Nowhere" }, expected });
  await apply({ kind: "trash", id, expected });
  await apply({ kind: "restore", id, fields: { title: "Back" }, expected });
  const { records, end } = await pull(connector, "full");
  diary.push(records.map(({ fields }) => fields.title).sort(), end.isComplete);
  diary.push((await connector.find("page-1")).records.map(({ fields }) => fields.title));
  const [repository] = await connector.repositories();
  if (repository === undefined) throw new Error("no repository");
  const comments = createComments({
    client,
    markerKeys: [KEY],
    identity: connector.identity,
    nowSeconds: () => Math.floor(Date.now() / 1000),
  });
  const issue = { repositoryId: repository.repositoryId, number: Number(id.split("/")[1]) };
  diary.push(
    (await comments.create(issue, { marker: "c", body: "Said" }, now)).kind,
    (await comments.create(issue, { marker: "c", body: "Said" }, now)).kind,
  );
  const pulls = createPullRequests(client);
  const draft = { repository, branch, base: "main", title: "Pull", body: "", isDraft: false };
  const opened = await pulls.openDraft(draft, now);
  diary.push(opened.kind);
  if (opened.kind !== "done") throw new Error("no pull request");
  const wrong = await pulls.merge(opened.value, { sha: "0".repeat(40), method: "squash" }, now);
  diary.push(wrong.kind);
  diary.push((await pulls.merge(opened.value, { sha: opened.value.headSha, method: "squash" }, now)).kind);
  diary.push((await pulls.get(opened.value))?.state);
  diary.push((await pull(connector, "full")).records.length);
  return diary;
}

describe("an independent emulator of GitHub", () => {
  it("and ours give the connector the same day", async () => {
    await using theirs = await independent();
    await using ours = await own();
    const diary = await play(ours);
    expect(await play(theirs)).toEqual(diary);
    expect(diary.length).toBeGreaterThan(15);
  });
});
