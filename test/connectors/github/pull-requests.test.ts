import { describe, expect, it } from "vitest";
import { createPullRequests } from "../../../src/connectors/github/pull-request-client.ts";
import type { PullRequest, PullRequests } from "../../../src/connectors/github/pull-requests.ts";
import { recordIdOf } from "../../../src/connectors/github/repositories.ts";
import { type GitHubWorld, githubWorld, REPO } from "./world.ts";

const now = { sendBy: Number.POSITIVE_INFINITY };

interface PullWorld extends GitHubWorld {
  readonly pulls: PullRequests;
  readonly repository: { readonly repositoryId: number };
  readonly draft: (branch: string) => Promise<PullRequest>;
}

async function pullWorld(options: Parameters<typeof githubWorld>[0] = {}): Promise<PullWorld> {
  const world = await githubWorld(options);
  const pulls = createPullRequests(world.client);
  const repository = { repositoryId: world.repositoryId };
  return {
    ...world,
    pulls,
    repository,
    async draft(branch) {
      world.emulator.people.push(REPO, branch);
      const input = { repository, branch, base: null, title: branch, body: "", isDraft: true };
      const asked = await pulls.openDraft(input, now);
      if (asked.kind !== "done") throw new Error(`expected a pull request: ${JSON.stringify(asked)}`);
      return asked.value;
    },
  };
}

describe("openDraft", () => {
  it("opens a draft for a branch, once", async () => {
    await using world = await pullWorld();
    const opened = await world.draft("feature/one");
    expect(opened).toMatchObject({
      state: "open",
      isDraft: true,
      headBranch: "feature/one",
      baseBranch: "main",
    });
    const input = {
      repository: world.repository,
      branch: "feature/one",
      base: "main",
      title: "Again",
      body: "",
      isDraft: true,
    };
    const again = await world.pulls.openDraft(input, now);
    expect(again).toMatchObject({ kind: "already", value: { number: opened.number } });
  });

  it.each([
    { branch: "nowhere", why: "no-branch" },
    { branch: "main", why: "no-commits" },
  ])("says $why for the branch $branch", async ({ branch, why }) => {
    await using world = await pullWorld();
    const input = { repository: world.repository, branch, base: "main", title: "T", body: "", isDraft: true };
    expect(await world.pulls.openDraft(input, now)).toMatchObject({ kind: "refused", why });
  });

  it("is in doubt when the answer is lost, and finds what it made when asked again", async () => {
    await using world = await pullWorld();
    world.emulator.people.push(REPO, "feature/two");
    world.emulator.faults.add({
      match: { method: "POST", path: "/pulls$", times: 1 },
      effect: { kind: "drop", when: "after" },
    });
    const input = {
      repository: world.repository,
      branch: "feature/two",
      base: null,
      title: "T",
      body: "",
      isDraft: true,
    };
    expect((await world.pulls.openDraft(input, now)).kind).toBe("doubt");
    expect((await world.pulls.openDraft(input, now)).kind).toBe("already");
  });
});

describe("markReady", () => {
  it("takes a draft out of being one, and leaves the others", async () => {
    await using world = await pullWorld();
    const draft = await world.draft("a");
    const ready = await world.pulls.markReady(draft, now);
    expect(ready).toMatchObject({ kind: "done", value: { number: draft.number, isDraft: false } });
    if (ready.kind !== "done") throw new Error("not ready");
    expect((await world.pulls.markReady(ready.value, now)).kind).toBe("already");
  });

  it("says that a server without GraphQL cannot", async () => {
    await using world = await pullWorld({ emulator: { hasGraphql: false } });
    const draft = await world.draft("a");
    expect(await world.pulls.markReady(draft, now)).toMatchObject({ kind: "refused", why: "unsupported" });
  });
});

describe("readiness", () => {
  for (const hasGraphql of [true, false]) {
    describe(hasGraphql ? "over GraphQL" : "over REST", () => {
      const rights = {
        issues: "write",
        pull_requests: "write",
        contents: "write",
        checks: "read",
        statuses: "read",
        administration: "read",
      } as const;

      it("tells required checks from others, and those that are missing", async () => {
        await using world = await pullWorld({ emulator: { hasGraphql } });
        const { people, token } = world.emulator;
        people.addToken(token, { rights });
        people.protect(REPO, "main", { requiredChecks: ["build", "test"], requiredReviews: 1 });
        const { number, headSha } = await world.draft("a");
        people.check(REPO, headSha, { name: "build", conclusion: "success" });
        people.status(REPO, headSha, { context: "lint", state: "failure" });
        const read = async () => {
          const all = await world.pulls.readiness([{ ...world.repository, number }]);
          return all.get(recordIdOf({ ...world.repository, number }));
        };
        const before = await read();
        expect(before).toMatchObject({
          missingChecks: ["test"],
          checkState: "failing",
          requiredState: "pending",
          reviewState: "required",
        });
        expect(before?.checks.map(({ name, state, isRequired }) => [name, state, isRequired])).toEqual([
          ["build", "passing", true],
          ["lint", "failing", false],
        ]);
        people.check(REPO, headSha, { name: "test", conclusion: "success" });
        people.review(REPO, number, "APPROVED", "hubot");
        expect(await read()).toMatchObject({
          missingChecks: [],
          requiredState: "passing",
          reviewState: "approved",
        });
        people.review(REPO, number, "CHANGES_REQUESTED", "hubot");
        expect(await read()).toMatchObject({ reviewState: "changes_requested" });
      });

      it("shows a running check as pending and a cancelled one as failing", async () => {
        await using world = await pullWorld({ emulator: { hasGraphql } });
        const { number, headSha } = await world.draft("a");
        const state = async () =>
          [...(await world.pulls.readiness([{ ...world.repository, number }])).values()][0]?.checkState;
        expect(await state()).toBe("none");
        world.emulator.people.check(REPO, headSha, { name: "build", conclusion: null });
        expect(await state()).toBe("pending");
        world.emulator.people.check(REPO, headSha, { name: "build", conclusion: "cancelled" });
        expect(await state()).toBe("failing");
      });
    });
  }

  it("reads fifteen pull requests with two calls", async () => {
    await using world = await pullWorld();
    const refs = [];
    for (let index = 0; index < 15; index += 1)
      refs.push({ ...world.repository, number: (await world.draft(`b${index}`)).number });
    const pulls = createPullRequests(world.client);
    world.emulator.calls.reset();
    expect((await pulls.readiness(refs)).size).toBe(15);
    expect(world.emulator.calls.total).toBe(2);
  });

  it("shows nothing of a repository that was given the old name, and finds the one it was asked for the next time", async () => {
    await using world = await pullWorld();
    const { people } = world.emulator;
    const draft = await world.draft("a");
    await world.pulls.readiness([draft]);
    people.renameRepository(REPO, "acme/renamed");
    people.addRepository(REPO);
    people.push(REPO, "b");
    await world.client.send({
      method: "POST",
      path: `/repos/${REPO}/pulls`,
      body: { title: "Of a stranger", head: "b", base: "main" },
    });
    expect((await world.pulls.readiness([draft])).size).toBe(0);
    expect((await world.pulls.readiness([draft])).get(recordIdOf(draft))?.pullRequest.title).toBe("a");
  });

  it("leaves out what is not there", async () => {
    await using world = await pullWorld();
    const draft = await world.draft("a");
    const all = await world.pulls.readiness([{ ...world.repository, number: 999 }, draft]);
    expect([...all.keys()]).toEqual([recordIdOf(draft)]);
  });
});

describe("merge", () => {
  const ready = async (world: PullWorld) => {
    const asked = await world.pulls.markReady(await world.draft("a"), now);
    if (asked.kind !== "done") throw new Error("not ready");
    return asked.value;
  };

  it("merges the commit that was looked at", async () => {
    await using world = await pullWorld();
    const pullRequest = await ready(world);
    const merged = await world.pulls.merge(pullRequest, { sha: pullRequest.headSha, method: "squash" }, now);
    expect(merged.kind).toBe("done");
    expect((await world.pulls.get(pullRequest))?.state).toBe("merged");
    const again = await world.pulls.merge(pullRequest, { sha: pullRequest.headSha, method: "squash" }, now);
    expect(again.kind).toBe("already");
  });

  it("refuses when the head has moved", async () => {
    await using world = await pullWorld();
    const pullRequest = await ready(world);
    world.emulator.people.forcePush(REPO, "a");
    const asked = await world.pulls.merge(pullRequest, { sha: pullRequest.headSha, method: "merge" }, now);
    expect(asked).toMatchObject({ kind: "refused", why: "head-moved" });
    expect((await world.pulls.get(pullRequest))?.state).toBe("open");
  });

  it("refuses what GitHub will not merge", async () => {
    await using world = await pullWorld();
    const pullRequest = await ready(world);
    world.emulator.people.setDirty(REPO, pullRequest.number, true);
    const asked = await world.pulls.merge(pullRequest, { sha: pullRequest.headSha, method: "merge" }, now);
    expect(asked).toMatchObject({ kind: "refused", why: "not-mergeable" });
  });

  it("is refused for the right that is missing, with where to grant it", async () => {
    await using world = await pullWorld();
    const pullRequest = await ready(world);
    world.emulator.people.addToken("ghp_poor_dummy", { rights: { pull_requests: "write", issues: "write" } });
    const pulls = createPullRequests(world.clientFor("ghp_poor_dummy"));
    const asked = await pulls.merge(pullRequest, { sha: pullRequest.headSha, method: "merge" }, now);
    expect(asked).toMatchObject({
      kind: "refused",
      why: "forbidden",
      message: expect.stringContaining('"Contents: Read and write"'),
    });
  });

  it("sends nothing when its time is over", async () => {
    await using world = await pullWorld();
    const pullRequest = await ready(world);
    world.emulator.calls.reset();
    const asked = await world.pulls.merge(
      pullRequest,
      { sha: pullRequest.headSha, method: "merge" },
      { sendBy: -1 },
    );
    expect(asked).toMatchObject({ kind: "refused", retryAfterMs: 0 });
    expect(world.emulator.calls.total).toBe(0);
  });
});

describe("branches", () => {
  it("are found by name, by the beginning of it, and by their link to an issue", async () => {
    await using world = await pullWorld();
    const { people } = world.emulator;
    const number = people.addIssue(REPO, { title: "Linked" });
    const sha = people.push(REPO, "feature/12-words");
    people.push(REPO, "feature/2");
    people.linkBranch(REPO, number, "feature/12-words");
    expect(await world.pulls.branch(world.repository, "feature/12-words")).toEqual({
      name: "feature/12-words",
      sha,
    });
    expect(await world.pulls.branch(world.repository, "feature/3")).toBeNull();
    const found = await world.pulls.branchesWithPrefix(world.repository, "feature/12");
    expect(found.map(({ name }) => name)).toEqual(["feature/12-words"]);
    expect(await world.pulls.linkedBranches({ ...world.repository, number })).toEqual(["feature/12-words"]);
  });

  it("have the pull requests of theirs, closed ones too", async () => {
    await using world = await pullWorld();
    const { number } = await world.draft("a");
    world.emulator.people.editIssue(REPO, number, { state: "closed" });
    const again = await world.draft("a");
    const found = await world.pulls.listByBranch(world.repository, "a");
    expect(found.map((each) => [each.number, each.state])).toEqual([
      [again.number, "open"],
      [number, "closed"],
    ]);
    expect((await world.pulls.listOpen(world.repository)).map((each) => each.number)).toEqual([again.number]);
  });
});

describe("closeIssue", () => {
  it("closes with the reason, and says when it was so already", async () => {
    await using world = await pullWorld();
    const number = world.emulator.people.addIssue(REPO, { title: "Done" });
    const issue = { ...world.repository, number };
    expect((await world.pulls.closeIssue(issue, "completed", now)).kind).toBe("done");
    expect(world.emulator.people.issue(REPO, number)).toMatchObject({ state: "closed", reason: "completed" });
    expect((await world.pulls.closeIssue(issue, "completed", now)).kind).toBe("already");
  });
});
