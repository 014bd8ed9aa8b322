import { describe, expect, test } from "vitest";
import { PlanningWorld, repository, select, textOf } from "./planning-world.ts";

const lookAgainMs = 300_000;

/** A world with one row, agreed on by both sides, and its issue's number. */
async function withIssue(title = "Dark mode", options: Parameters<typeof PlanningWorld.open>[0] = {}) {
  const world = await PlanningWorld.open(options);
  await world.init();
  const row = world.addRow(title, { Status: select("Backlog") });
  await world.sync();
  const { people } = world.github;
  const number = people.issues(repository)[0]?.number ?? 0;
  const pulls = () => {
    const found: number[] = [];
    for (let each = 1; each < 30; each += 1)
      if (people.issue(repository, each)?.pull != null) found.push(each);
    return found;
  };
  const pull = (of: number) => people.issue(repository, of)?.pull ?? null;
  const move = async (status: string) => {
    world.editRow(row, { Status: select(status) });
    await world.sync();
  };
  return { world, row, people, number, pulls, pull, move };
}

describe("ready for review", () => {
  test("opens one draft for the branch that the pattern names; said again, it is marked ready", async () => {
    const { world, row, people, number, pulls, pull, move } = await withIssue("fixes #1 for @acme/all");
    await using _ = world;
    people.push(repository, `${number}-dark-mode`);
    await move("Ready for Review");
    const [made = 0] = pulls();
    expect(pulls()).toHaveLength(1);
    expect(pull(made)).toMatchObject({ isDraft: true, head: `${number}-dark-mode` });
    const { title, body } = people.issue(repository, made) ?? {};
    expect(title).not.toMatch(/#1|@acme/);
    expect(body).toMatch(new RegExp(`^Closes #${number}\\n\\n\\[Planned in Notion\\]`));
    expect(world.row(row)).toMatchObject({ "GitHub PR #": `${repository}#${made}`, "PR State": "Draft" });
    await world.sync();
    expect(pull(made)?.isDraft).toBe(true);
    await move("In Progress");
    await move("Ready for Review");
    expect(pull(made)?.isDraft).toBe(false);
    expect(pulls()).toHaveLength(1);
    expect(world.row(row)).toMatchObject({ "PR State": "Open" });
  });

  test("takes the branch that the row names, or the one that is linked to the issue", async () => {
    const { world, row, people, number, pulls, pull, move } = await withIssue();
    await using _ = world;
    people.push(repository, "night");
    people.push(repository, `${number}-other`);
    world.editRow(row, { Branch: textOf("night") });
    await move("Ready for Review");
    expect(pulls().map((each) => pull(each)?.head)).toEqual(["night"]);
    const linked = world.addRow("Second", { Status: select("Backlog") });
    await world.sync();
    const second = people.issues(repository).find(({ title }) => title === "Second")?.number ?? 0;
    people.push(repository, "by-hand");
    people.linkBranch(repository, second, "by-hand");
    world.editRow(linked, { Status: select("Ready for Review") });
    await world.sync();
    expect(pulls().map((each) => pull(each)?.head)).toEqual(["night", "by-hand"]);
  });

  test("without a branch the row says so, and the draft follows once there is one", async () => {
    const { world, row, people, number, pulls, move } = await withIssue();
    await using _ = world;
    await move("Ready for Review");
    expect(world.row(row)["GitHub Note"]).toMatch(/^No branch/);
    const { run } = await world.sync();
    expect(run).toMatchObject({ status: "succeeded", errors: [] });
    people.push(repository, `${number}-late`);
    await world.clock.advance(lookAgainMs);
    await world.sync();
    expect(pulls()).toHaveLength(1);
    expect(world.row(row)).toMatchObject({ "PR State": "Draft", "GitHub Note": [] });
  });

  test("a draft whose answer was lost is opened once", async () => {
    const { world, people, number, pulls, pull, move } = await withIssue();
    await using _ = world;
    people.push(repository, `${number}-x`);
    world.github.faults.add({
      match: { method: "POST", path: "/pulls$", times: 1 },
      effect: { kind: "drop", when: "after" },
    });
    await move("Ready for Review");
    await world.restart();
    await world.sync();
    await world.sync();
    expect(pulls()).toHaveLength(1);
    // It is known as our own all the same: nobody has asked for it to be marked ready.
    expect(pull(pulls()[0] ?? 0)?.isDraft).toBe(true);
  });
});

describe("done", () => {
  async function shipped(options: Parameters<typeof PlanningWorld.open>[0] = {}) {
    const parts = await withIssue("Dark mode", options);
    const { people, number, move, pulls } = parts;
    people.push(repository, `${number}-dark`);
    await move("Ready for Review");
    await move("In Progress");
    await move("Ready for Review");
    const [made = 0] = pulls();
    const head = () => parts.pull(made)?.headSha ?? "";
    const note = () => parts.world.row(parts.row)["GitHub Note"];
    return { ...parts, made, head, note };
  }

  test("merges what passed, closes the issue, and shows both on the row", async () => {
    const { world, row, people, number, pull, move, made, head, note } = await shipped();
    await using _ = world;
    people.check(repository, head(), { name: "build", conclusion: "failure" });
    await move("Done");
    expect(pull(made)?.mergedAt).toBeNull();
    expect(note()).toBe('Not merged yet: check "build" failed.');
    expect(world.row(row)).toMatchObject({ Status: "Done", "Check State": "Failing" });
    expect(people.issue(repository, number)?.state).toBe("open");
    expect(people.labelsOf(repository, number)).toEqual(["status: shipping"]);
    people.check(repository, head(), { name: "build", conclusion: "success" });
    await world.sync();
    expect(pull(made)?.mergedAt).not.toBeNull();
    expect(people.issue(repository, number)).toMatchObject({ state: "closed", reason: "completed" });
    expect(people.labelsOf(repository, number)).toEqual([]);
    expect(world.row(row)).toMatchObject({ Status: "Done", "PR State": "Merged", "Check State": "Passing" });
    expect(note()).toEqual([]);
  });

  test.each([
    ["a label", { labels: ["status: shipping"] }],
    ["closing the issue", { state: "closed", reason: "completed" }],
  ] as const)(
    "%s on GitHub brings about no merge: fewer people may merge than label and close",
    async (_what, change) => {
      const { world, row, people, number, pull, move, made } = await shipped();
      await using _ = world;
      people.editIssue(repository, number, change as never);
      await world.sync();
      await world.sync();
      expect(world.row(row)).toMatchObject({ Status: "Done" });
      expect(pull(made)?.mergedAt).toBeNull();
      people.editIssue(repository, number, { state: "open", labels: [] });
      await world.sync();
      await move("In Progress");
      await move("Done");
      expect(pull(made)?.mergedAt).not.toBeNull();
    },
  );

  test("a merge whose answer was lost is made once, and its issue closed", async () => {
    const { world, people, number, pull, move, made } = await shipped();
    await using _ = world;
    world.github.faults.add({
      match: { method: "PUT", path: "/merge$", times: 1 },
      effect: { kind: "drop", when: "after" },
    });
    await move("Done");
    await world.restart();
    await world.sync();
    expect(pull(made)?.mergedAt).not.toBeNull();
    expect(people.issue(repository, number)?.state).toBe("closed");
  });

  test("without a pull request the issue is closed, and opened again with the row", async () => {
    const { world, people, number, move } = await withIssue();
    await using _ = world;
    await move("Done");
    expect(people.issue(repository, number)).toMatchObject({ state: "closed", reason: "completed" });
    await move("In Progress");
    expect(people.issue(repository, number)?.state).toBe("open");
  });

  test("an issue that people open again takes its row along, and is not closed behind their backs", async () => {
    const { world, row, people, number, move } = await withIssue();
    await using _ = world;
    await move("Done");
    people.editIssue(repository, number, { state: "open" });
    await world.sync();
    await world.sync();
    expect(world.row(row)).toMatchObject({ Status: "Backlog" });
    expect(people.issue(repository, number)?.state).toBe("open");
  });

  test("a head that moved since is not merged until the status is set again", async () => {
    const { world, people, pull, move, made, head, note, number } = await shipped();
    await using _ = world;
    people.check(repository, head(), { name: "build", conclusion: null });
    await move("Done");
    expect(note()).toMatch(/waiting for check "build"/);
    people.forcePush(repository, `${number}-dark`);
    people.check(repository, head(), { name: "build", conclusion: "success" });
    await world.sync();
    expect(pull(made)?.mergedAt).toBeNull();
    expect(note()).toMatch(/its branch has moved since/);
    await move("In Progress");
    await move("Done");
    expect(pull(made)?.mergedAt).not.toBeNull();
  });

  test.each([
    [
      "changes that were asked for",
      (parts: Shipped) => parts.people.review(repository, parts.made, "CHANGES_REQUESTED", "grace"),
      /asked for changes/,
    ],
    [
      "a conflict",
      (parts: Shipped) => parts.people.setDirty(repository, parts.made, true),
      /conflicts with its base/,
    ],
    [
      "a required check that nothing was heard of",
      (parts: Shipped) =>
        parts.people.protect(repository, "main", { requiredChecks: ["deploy"], requiredReviews: 0 }),
      /waiting for check "deploy"/,
    ],
    [
      "a required review",
      (parts: Shipped) =>
        parts.people.protect(repository, "main", { requiredChecks: [], requiredReviews: 1 }),
      /an approving review is missing/,
    ],
  ])("%s keeps it from being merged", async (_what, arrange, reason) => {
    const parts = await shipped();
    await using _ = parts.world;
    arrange(parts);
    await parts.move("Done");
    expect(parts.pull(parts.made)?.mergedAt).toBeNull();
    expect(parts.note()).toMatch(reason);
  });

  test("a row that was done before the sync was accepted merges nothing, until its status is set anew", async () => {
    const parts = await shipped();
    const { world, row, pull, made, number, people } = parts;
    await using _ = world;
    await world.restart();
    // Another mapping: it has to be accepted anew, and the row is edited meanwhile.
    world.editRow(row, { Status: select("Done") });
    world.change({ images: "keep" });
    await world.sync();
    await world.sync();
    expect(pull(made)?.mergedAt).toBeNull();
    expect(people.issue(repository, number)?.state).toBe("open");
    expect(parts.note()).toMatch(/was set before this sync was accepted/);
    await parts.move("In Progress");
    await parts.move("Done");
    expect(pull(made)?.mergedAt).not.toBeNull();
  });

  test("with the store lost, nobody knows who asked for a merge: the status has to be set anew", async () => {
    const { world, people, pull, move, made, head, note } = await shipped();
    await using _ = world;
    people.check(repository, head(), { name: "build", conclusion: "failure" });
    await move("Done");
    await world.forget();
    people.check(repository, head(), { name: "build", conclusion: "success" });
    await world.sync();
    await world.sync();
    expect(pull(made)?.mergedAt).toBeNull();
    expect(note()).toMatch(/was set before this sync was accepted/);
  });

  test("a server without GraphQL serves as well", async () => {
    const { world, people, pull, move, made, head } = await shipped({ hasGraphql: false });
    await using _ = world;
    people.check(repository, head(), { name: "build", conclusion: "success" });
    await move("Done");
    expect(pull(made)).toMatchObject({ mergedAt: null, isDraft: true });
  });

  type Shipped = Awaited<ReturnType<typeof shipped>>;
});
