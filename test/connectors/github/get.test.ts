import { describe, expect, it } from "vitest";
import { githubWorld, REPO } from "./world.ts";

describe("get", () => {
  it("hears that an issue has not changed without paying for it", async () => {
    await using world = await githubWorld();
    const id = world.idOf(world.emulator.people.addIssue(REPO, { title: "One" }));
    const first = await world.connector.get(id);
    world.emulator.calls.reset();
    expect(await world.connector.get(id)).toEqual(first);
    expect(world.emulator.calls.recent.map(({ status }) => status)).toEqual([304]);
  });

  it("certifies a deletion by 410, with its repository read beside it", async () => {
    await using world = await githubWorld();
    const number = world.emulator.people.addIssue(REPO, { title: "One" });
    world.emulator.people.deleteIssue(REPO, number);
    expect(await world.connector.get(world.idOf(number))).toMatchObject({
      presence: "gone",
      certificate: expect.stringContaining("This issue was deleted"),
    });
  });

  it.each([
    { name: "issues are switched off", change: { hasIssues: false } },
    { name: "the repository is out of sight", change: { isGone: true } },
  ])("takes nothing for deleted when $name", async ({ change }) => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const live = people.addIssue(REPO, { title: "Live" });
    const deleted = people.addIssue(REPO, { title: "Deleted" });
    people.deleteIssue(REPO, deleted);
    people.changeRepository(REPO, change);
    for (const number of [live, deleted, 99])
      expect(
        await world.connector.get(world.idOf(number)).catch(() => ({ presence: "unknown" })),
      ).toMatchObject({ presence: "unknown" });
  });

  it("takes nothing for deleted that a repository without issues says of it", async () => {
    await using world = await githubWorld();
    const { people, faults } = world.emulator;
    const number = people.addIssue(REPO, { title: "Live" });
    people.changeRepository(REPO, { hasIssues: false });
    faults.add({
      match: { path: "/issues/" },
      effect: { kind: "status", status: 410, message: "This issue was deleted" },
    });
    expect((await world.connector.get(world.idOf(number))).presence).toBe("unknown");
  });

  it("finds a transferred issue where it went, under the id it had", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    people.addRepository("acme/other");
    const number = people.addIssue(REPO, { title: "Moves" });
    people.addIssue("acme/other", { title: "First there" });
    people.transferIssue(REPO, number, "acme/other");
    expect(await world.connector.get(world.idOf(number))).toMatchObject({
      presence: "moved",
      record: { id: world.idOf(number), presence: "moved", fields: { title: "Moves", number: 2 } },
    });
  });

  it("does not know what moved to where the token cannot follow", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    people.addRepository("acme/secret");
    const number = people.addIssue(REPO, { title: "Moves" });
    people.transferIssue(REPO, number, "acme/secret");
    people.changeRepository("acme/secret", { isGone: true });
    expect((await world.connector.get(world.idOf(number))).presence).toBe("unknown");
  });

  it("reads a locked issue, and one that was turned into a discussion, which GitHub closes and locks", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const number = people.addIssue(REPO, { title: "Heated" });
    people.lockIssue(REPO, number, true);
    expect(await world.connector.get(world.idOf(number))).toMatchObject({
      presence: "live",
      record: { fields: { locked: true } },
    });
  });

  it("does not know what is no id", async () => {
    await using world = await githubWorld();
    for (const id of ["", "7", "acme/app/7", "7/x", "../1"])
      expect((await world.connector.get(id)).presence).toBe("unknown");
    expect(world.emulator.calls.total).toBe(0);
  });
});
