import { describe, expect, it } from "vitest";
import { createComments } from "../../../src/connectors/github/comment-client.ts";
import { type GitHubWorld, githubWorld, KEY, REPO } from "./world.ts";

const now = { sendBy: Number.POSITIVE_INFINITY };

function commentsOf(world: GitHubWorld) {
  return createComments({
    client: world.client,
    markerKeys: [KEY],
    identity: world.connector.identity,
    nowSeconds: () => Math.floor(world.clock.now() / 1_000),
  });
}

describe("comments", () => {
  it("are made once for each marker, also after an answer that was lost", async () => {
    await using world = await githubWorld();
    const { people, faults } = world.emulator;
    const issue = { repositoryId: world.repositoryId, number: people.addIssue(REPO, { title: "One" }) };
    const comments = commentsOf(world);
    faults.add({ match: { method: "POST", times: 1 }, effect: { kind: "drop", when: "after" } });
    const input = { marker: "notion-comment-1", body: "From Notion, by Ada" };
    expect((await comments.create(issue, input, now)).kind).toBe("doubt");
    expect(await comments.create(issue, input, now)).toMatchObject({
      kind: "already",
      value: { marker: input.marker, body: input.body },
    });
    expect((await comments.create(issue, { ...input, marker: "notion-comment-2" }, now)).kind).toBe("done");
    expect(people.comments(REPO, issue.number).length).toBe(2);
  });

  it("are listed with author and link, and those of others carry no marker", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const issue = { repositoryId: world.repositoryId, number: people.addIssue(REPO, { title: "One" }) };
    const comments = commentsOf(world);
    await comments.create(issue, { marker: "m", body: "Ours" }, now);
    const sealed = people.comments(REPO, 1)[0]?.body ?? "";
    people.comment(REPO, 1, `${sealed} and more`, "mallory");
    const listed = await comments.list(issue);
    expect(listed.map(({ author, marker, body }) => [author, marker, body])).toEqual([
      ["octocat", "m", "Ours"],
      ["mallory", null, "Ours\n\n and more"],
    ]);
    expect(listed[0]?.url).toMatch(/acme\/app\/issues\/1#issuecomment-\d+$/);
  });

  it("of a whole repository are listed since a time, over as many pages as it takes", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const number = people.addIssue(REPO, { title: "One" });
    people.comment(REPO, number, "Old");
    world.clock.advance(60_000);
    const since = new Date(world.clock.now()).toISOString();
    for (const [count, name] of [
      [130, "New"],
      [250, "Spread"],
    ] as const) {
      for (let index = 0; index < count; index += 1) {
        if (name === "Spread") world.clock.advance(1_000);
        people.comment(REPO, number, `${name} ${index}`, "hubot");
      }
    }
    const listed = await commentsOf(world).listSince({ repositoryId: world.repositoryId }, since);
    expect(listed.length).toBe(380);
    expect(new Set(listed.map(({ body }) => body)).has("Old")).toBe(false);
  });
});
