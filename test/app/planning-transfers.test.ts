import { describe, expect, test } from "vitest";
import { PlanningWorld, repository, select, titleOf } from "./planning-world.ts";

const web = "acme/web";

/** Two repositories, and an issue of the first that is linked to a row; made from the row, or the other way round. */
async function withTwo(made: "from a row" | "from an issue") {
  const section = { fields: { due: {} } };
  const world = await PlanningWorld.open({ repositories: [repository, web], section });
  await world.init();
  const { people } = world.github;
  people.addIssue(web, { title: "There before" });
  const row = made === "from a row" ? world.addRow("Dark mode", { Status: select("Backlog") }) : null;
  if (row === null) people.addIssue(repository, { title: "Dark mode" });
  await world.sync();
  await world.sync();
  const rowsOf = () => world.rows().filter(({ Title }) => Title !== "There before");
  const id = row ?? rowsOf()[0]?.id ?? "";
  return { world, people, row: id, number: people.issues(repository)[0]?.number ?? 0, rowsOf };
}

const kinds = ["from a row", "from an issue"] as const;

describe("an issue that is transferred to another of the repositories", () => {
  test.each(kinds)("and was made %s keeps its row, and is kept in step where it is now", async (made) => {
    const { world, people, row, number, rowsOf } = await withTwo(made);
    await using _ = world;
    const there = people.transferIssue(repository, number, web);
    await world.sync();
    await world.sync();
    expect(rowsOf().map(({ id }) => id)).toEqual([row]);
    expect(world.row(row)).toMatchObject({
      "GitHub Issue #": `${web}#${there}`,
      Repository: web,
      "GitHub Note": [],
    });
    expect(world.row(row)["Issue Link"]).toMatch(new RegExp(`/${web}/issues/${there}$`));
    expect(world.row(row)["Lockstep ID"]).toMatch(new RegExp(`/${there}$`));
    world.editRow(row, { Title: titleOf("Night mode") });
    await world.sync();
    expect(people.issue(web, there)?.title).toBe("Night mode");
    people.editIssue(web, there, { title: "Dim mode" });
    await world.sync({ isFull: true });
    await world.sync();
    expect(rowsOf().map(({ id, Title }) => [id, Title])).toEqual([[row, "Dim mode"]]);
    expect([people.issues(repository).length, people.issues(web).length]).toEqual([0, 2]);
  });

  test("and carries our marker is found again with the store lost on the way", async () => {
    const { world, people, row, number, rowsOf } = await withTwo("from a row");
    await using _ = world;
    // A marker names its issue from the first time on that the text is written.
    world.editRow(row, { Due: { date: { start: "2026-12-31" } } });
    await world.sync();
    expect(people.issue(repository, number)?.body).toMatch(/ in=issue:\d+\/\d+ /);
    const there = people.transferIssue(repository, number, web);
    await world.forget();
    for (let round = 0; round < 3; round += 1) await world.sync();
    expect(rowsOf().map(({ id }) => id)).toEqual([row]);
    expect(world.row(row)).toMatchObject({ "GitHub Issue #": `${web}#${there}` });
    expect(people.issues(web)).toHaveLength(2);
  });

  test.each(["before", "after"] as const)(
    "keeps it when the row's update is lost %s it took effect",
    async (when) => {
      const { world, people, row, number, rowsOf } = await withTwo("from an issue");
      await using _ = world;
      const there = people.transferIssue(repository, number, web);
      world.notion.faults.add({ match: { method: "PATCH", times: 1 }, effect: { kind: "drop", when } });
      await world.sync();
      await world.restart();
      for (let round = 0; round < 2; round += 1) await world.sync({ isFull: round === 1 });
      expect(rowsOf().map(({ id }) => id)).toEqual([row]);
      expect(world.row(row)).toMatchObject({ "GitHub Issue #": `${web}#${there}` });
    },
  );

  test("comes back to its row from where it was out of sight", async () => {
    const { world, people, row, number, rowsOf } = await withTwo("from an issue");
    await using _ = world;
    people.addRepository("acme/elsewhere");
    const away = people.transferIssue(repository, number, "acme/elsewhere");
    await world.sync({ isFull: true });
    expect(world.row(row)["GitHub Note"]).toMatch(/^Its issue is gone/);
    const back = people.transferIssue("acme/elsewhere", away, web);
    await world.sync();
    await world.sync();
    expect(rowsOf().map(({ id }) => id)).toEqual([row]);
    expect(world.row(row)).toMatchObject({ "GitHub Issue #": `${web}#${back}`, "GitHub Note": [] });
  });

  test("is not mistaken for one that is called the same and was made at the same time", async () => {
    const { world, people, row, rowsOf } = await withTwo("from an issue");
    await using _ = world;
    const [issue] = people.issues(repository);
    const body = issue?.body ?? "";
    const twin = people.addIssue(web, { title: "Dark mode", body }, "mallory");
    await world.sync();
    await world.sync();
    expect(rowsOf()).toHaveLength(2);
    expect(world.row(row)).toMatchObject({ "GitHub Issue #": `${repository}#${issue?.number}` });
    expect(rowsOf().some((each) => each["GitHub Issue #"] === `${web}#${twin}`)).toBe(true);
  });

  test("leaves its pull request behind: one with that number elsewhere is another one, and is not merged", async () => {
    const { world, people, row, number } = await withTwo("from a row");
    await using _ = world;
    people.push(repository, `${number}-dark-mode`);
    world.editRow(row, { Status: select("Ready for Review") });
    await world.sync();
    expect(world.row(row)).toMatchObject({ "PR State": "Draft", "GitHub PR #": `${repository}#2` });
    people.push(web, "something-else");
    const opened = await fetch(`${world.github.url}/repos/${web}/pulls`, {
      method: "POST",
      headers: { authorization: `Bearer ${world.github.token}` },
      body: JSON.stringify({ title: "Something else", head: "something-else", base: "main" }),
    });
    const other = (await opened.json()) as {
      readonly number: number;
      readonly head: { readonly sha: string };
    };
    expect(other.number).toBe(2);
    const there = people.transferIssue(repository, number, web);
    world.editRow(row, { Status: select("Done") });
    for (let round = 0; round < 3; round += 1) await world.sync();
    expect(world.row(row)).toMatchObject({ "GitHub Issue #": `${web}#${there}`, Repository: web });
    expect(people.isMerged(web, other.head.sha)).toBe(false);
    expect(world.row(row)["GitHub PR #"]).not.toBe(`${web}#2`);
  });
});
