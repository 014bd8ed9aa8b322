import { describe, expect, it } from "vitest";
import type { Observation } from "../../../src/connector/connector.ts";
import { githubWorld, REPO } from "./world.ts";

/** What the engine makes of an observation. Ids of labels are others in GraphQL, and nobody goes by them. */
function told(observation: Observation | undefined): unknown {
  if (observation === undefined || !("record" in observation)) return observation;
  const { raw: _, ...record } = observation.record;
  return JSON.parse(JSON.stringify({ ...observation, record }), (key, value) =>
    key === "id" && !String(value).includes("/") ? "" : value,
  );
}

describe("getMany", () => {
  it("reads issues in one request, each as it is read by itself", async () => {
    await using world = await githubWorld({ connector: { derivedFields: ["comments", "updated_at"] } });
    const { people } = world.emulator;
    people.addMilestone(REPO, "Sprint 7");
    people.addUser("ada");
    const rich = people.addIssue(REPO, { title: "One", body: "Two\r\nlines", labels: ["bug", "docs"] });
    people.editIssue(REPO, rich, { milestone: 1, assignees: ["ada"] });
    people.comment(REPO, rich, "Hm", "ada");
    const closed = people.addIssue(REPO, { title: "Two" }, "renovate[bot]");
    people.editIssue(REPO, closed, { state: "closed", reason: "not_planned" });
    people.lockIssue(REPO, closed, true);
    const made = await world.connector.apply(
      { kind: "create", marker: "page-1", fields: { title: "Ours" } },
      { sendBy: Number.POSITIVE_INFINITY },
    );
    const trashed = made.kind === "applied" ? made.record.id : "";
    await world.connector.apply(
      { kind: "trash", id: trashed, expected: { revision: "" } },
      { sendBy: Number.POSITIVE_INFINITY },
    );
    const ids = [world.idOf(rich), world.idOf(closed), trashed];
    world.emulator.calls.reset();
    const found = await world.connector.getMany?.(ids);
    expect(world.emulator.calls.byRoute).toEqual({ "POST /graphql": 1 });
    expect([...(found?.keys() ?? [])]).toEqual(ids);
    for (const id of ids) expect(told(found?.get(id))).toEqual(told(await world.connector.get(id)));
    expect(found?.get(trashed)?.presence).toBe("trashed");
  });

  it("leaves out what is gone, was transferred, or is a pull request", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    people.addRepository("acme/other");
    const [live, deleted, moved] = [1, 2, 3].map((index) =>
      people.addIssue(REPO, { title: `Issue ${index}` }),
    );
    people.push(REPO, "branch");
    await world.client.send({
      method: "POST",
      path: `/repos/${REPO}/pulls`,
      body: { title: "Pull", head: "branch", base: "main" },
    });
    const pull = 4;
    expect(people.issue(REPO, pull)?.pull).not.toBeNull();
    await world.connector.describe();
    people.deleteIssue(REPO, deleted ?? 0);
    people.transferIssue(REPO, moved ?? 0, "acme/other");
    const ids = [live, deleted, moved, pull, 99].map((number) => world.idOf(number ?? 0));
    const found = await world.connector.getMany?.([...ids, "1/1", "nonsense"]);
    expect([...(found?.keys() ?? [])]).toEqual([ids[0]]);
  });

  it("does not take a repository for another one that has its name now", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const number = people.addIssue(REPO, { title: "Ours" });
    await world.connector.describe();
    people.renameRepository(REPO, "acme/renamed");
    expect((await world.connector.getMany?.([world.idOf(number)]))?.size).toBe(1);
    people.addRepository(REPO);
    people.addIssue(REPO, { title: "Somebody else's" });
    expect((await world.connector.getMany?.([world.idOf(number)]))?.size).toBe(0);
  });

  it.each([
    ["a server without GraphQL", { hasGraphql: false }],
    [
      "GraphQL in trouble",
      { faults: [{ match: { path: "/graphql" }, effect: { kind: "status", status: 502 } }] },
    ],
  ] as const)("%s shows none, and reading one by one serves as well", async (_name, emulator) => {
    await using world = await githubWorld({ emulator });
    const id = world.idOf(world.emulator.people.addIssue(REPO, { title: "One" }));
    await world.connector.describe();
    expect((await world.connector.getMany?.([id]))?.size).toBe(0);
    expect((await world.connector.get(id)).presence).toBe("live");
  });
});
