import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/core/json.ts";
import { PlanningWorld, repository, select } from "./planning-world.ts";

const secret = "dummy-github-secret";
const encode = (body: Json) => new TextEncoder().encode(JSON.stringify(body));

async function withDesk(section: { readonly [key: string]: Json } = {}) {
  const world = await PlanningWorld.open({ section });
  world.expectWebhooks([secret]);
  await world.init();
  const row = world.addRow("Dark mode", { Status: select("Backlog") });
  await world.sync();
  const { twoWay } = await world.lockstep();
  const deliver = (event: string, id: string, body: Json, key = secret) => {
    const bytes = encode(body);
    const signature = `sha256=${createHmac("sha256", key).update(bytes).digest("hex")}`;
    return twoWay.receiveGitHub({ body: bytes, signature, event, id });
  };
  return { world, row, twoWay, deliver };
}

const about = (more: { readonly [key: string]: Json } = {}) => ({
  action: "edited",
  repository: { id: 1002, full_name: repository },
  issue: { number: 1, updated_at: "2026-11-21T10:00:00Z" },
  sender: { login: "ada", type: "User" },
  ...more,
});

describe("GitHub's deliveries", () => {
  test("are stored once, whatever is delivered again, and known by their signature", async () => {
    const { world, deliver, twoWay } = await withDesk();
    await using _ = world;
    expect(await deliver("issues", "d-1", about())).toEqual({ kind: "taken", events: 1 });
    expect(await deliver("issues", "d-1", about())).toEqual({ kind: "taken", events: 0 });
    expect(await deliver("issues", "d-2", about(), "dummy-other-secret")).toMatchObject({ kind: "refused" });
    const unsigned = { body: encode(about()), signature: null, event: "issues", id: "d-3" };
    expect(await twoWay.receiveGitHub(unsigned)).toMatchObject({ kind: "refused" });
  });

  test.each([
    ["a ping", "ping", { zen: "Design for failure.", hook_id: 1 }],
    ["what no sync reads", "star", { action: "created" }],
    ["another repository", "issues", about({ repository: { id: 7, full_name: "other/place" } })],
  ] as const)("%s is acknowledged, and nothing is stored", async (_what, event, body) => {
    const { world, deliver } = await withDesk();
    await using _ = world;
    expect(await deliver(event, "d-9", body as Json)).toEqual({ kind: "taken", events: 0 });
  });

  test("of a repository that has another name by now are still about it", async () => {
    const { world, deliver } = await withDesk();
    await using _ = world;
    const { people } = world.github;
    people.renameRepository(repository, "acme/renamed");
    const answer = await fetch(`${world.github.url}/repos/acme/renamed`, {
      headers: { authorization: `Bearer ${world.github.token}` },
    });
    const { id } = (await answer.json()) as { readonly id: number };
    const renamed = about({ repository: { id, full_name: "acme/renamed" } });
    expect(await deliver("issues", "d-1", renamed)).toEqual({ kind: "taken", events: 1 });
    const reused = about({ repository: { id: id + 1_000, full_name: "acme/renamed" } });
    expect(await deliver("issues", "d-2", reused)).toEqual({ kind: "taken", events: 0 });
  });

  test("of a check brings a waiting merge about without a poll of Notion", async () => {
    const { world, row, deliver } = await withDesk();
    await using _ = world;
    const { people } = world.github;
    const number = people.issues(repository)[0]?.number ?? 0;
    people.push(repository, `${number}-dark`);
    for (const status of ["Ready for Review", "In Progress", "Ready for Review"]) {
      world.editRow(row, { Status: select(status) });
      await world.sync();
    }
    const pull = Number(String(world.row(row)["GitHub PR #"]).split("#")[1]);
    const sha = people.issue(repository, pull)?.pull?.headSha ?? "";
    people.check(repository, sha, { name: "build", conclusion: null });
    world.editRow(row, { Status: select("Done") });
    await world.sync();
    expect(people.isMerged(repository, sha)).toBe(false);
    people.check(repository, sha, { name: "build", conclusion: "success" });
    const check = { head_sha: sha, pull_requests: [{ number: pull }], check_suite: {} };
    expect(await deliver("check_run", "c-1", { ...about(), check_run: check })).toMatchObject({ events: 1 });
    await world.sync();
    expect(people.issue(repository, pull)?.pull?.mergedAt).not.toBeNull();
  });
});

describe("comments in Notion", () => {
  test("are copied to the issue when a delivery tells of them, once, and call nobody", async () => {
    const notionSecret = "dummy-notion-secret";
    await using world = await PlanningWorld.open({ section: { comments: "both" } });
    world.expectWebhooks([], [notionSecret]);
    await world.init();
    const row = world.addRow("Dark mode", { Status: select("Backlog") });
    await world.sync();
    const ada = world.notion.workspace.addPerson({ name: "Ada" });
    world.notion.workspace.addComment(row, { text: "Ask @acme/all, it fixes #1", by: ada });
    const { twoWay } = await world.lockstep();
    for (const id of ["n-1", "n-2"]) {
      const body = encode({
        ...{ id, type: "comment.created", timestamp: "2026-11-21T10:00:00.000Z", integration_id: "bot" },
        ...{ authors: [{ id: ada, type: "person" }], entity: { id: "c", type: "comment" } },
        data: { page_id: row, parent: { id: row, type: "page" } },
      });
      const signature = `sha256=${createHmac("sha256", notionSecret).update(body).digest("hex")}`;
      expect(await twoWay.receive({ body, signature })).toEqual({ kind: "taken", events: 1 });
      await world.sync();
    }
    const { people } = world.github;
    const number = people.issues(repository)[0]?.number ?? 0;
    const bodies = people.comments(repository, number).map(({ body }) => body);
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toMatch(
      /\[in Notion\]\(https:\/\/www\.notion\.so\/[0-9a-f]{32}\):\n\n> Ask @\u2060acme\/all, it fixes \u2060#1/,
    );
    expect(await world.comments(row)).toEqual(["Ask @acme/all, it fixes #1"]);
  });
});
