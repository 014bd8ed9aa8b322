import { describe, expect, test } from "vitest";
import { PlanningWorld, repository, select, textOf, titleOf } from "./planning-world.ts";

const web = "acme/web";

async function withIssue(options: Parameters<typeof PlanningWorld.open>[0] = {}) {
  const world = await PlanningWorld.open(options);
  await world.init();
  const row = world.addRow("Dark mode", { Status: select("Backlog") });
  await world.sync();
  const { people } = world.github;
  const number = people.issues(repository)[0]?.number ?? 0;
  const issue = () => people.issue(repository, number);
  return { world, row, people, number, issue };
}

describe("what is gone on one side", () => {
  test("a deleted row closes its issue as not planned, with a note, once; opened again it brings the row back", async () => {
    const { world, row, people, number, issue } = await withIssue();
    await using _ = world;
    world.notion.workspace.trashPage(row);
    await world.sync({ isFull: true });
    await world.sync({ isFull: true });
    expect(issue()).toMatchObject({ state: "closed", reason: "not_planned" });
    expect(people.comments(repository, number).map(({ body }) => body.split(",")[0])).toEqual([
      "The row of this issue was deleted in Notion",
    ]);
    people.editIssue(repository, number, { state: "open" });
    await world.sync();
    await world.sync();
    expect(issue()?.state).toBe("open");
    expect(world.notion.workspace.rows(world.database).find(({ id }) => id === row)?.inTrash).toBe(false);
    expect(world.rows()).toHaveLength(1);
  });

  test("closed as not planned once more, soon after it was opened again, it is closed and its row stays", async () => {
    const { world, row, people, number, issue } = await withIssue();
    await using _ = world;
    world.notion.workspace.trashPage(row);
    await world.sync({ isFull: true });
    people.editIssue(repository, number, { state: "open" });
    // What was read within two seconds is not read again, and here a minute is none.
    await world.restart();
    await world.sync();
    people.editIssue(repository, number, { state: "closed", reason: "not_planned" });
    await world.sync();
    expect(world.row(row)).toMatchObject({ Status: "Dropped" });
    expect(issue()).toMatchObject({ state: "closed", reason: "not_planned" });
    expect(issue()?.body).not.toContain("trashed=");
  });

  test("or it does nothing, where that is wanted", async () => {
    const { world, row, issue } = await withIssue({ section: { whenArchived: "nothing" } });
    await using _ = world;
    world.notion.workspace.trashPage(row);
    await world.sync({ isFull: true });
    expect(issue()?.state).toBe("open");
  });

  test("a deleted issue leaves its row, which says so", async () => {
    const { world, row, people, number } = await withIssue();
    await using _ = world;
    people.deleteIssue(repository, number);
    await world.sync({ isFull: true });
    await world.sync();
    expect(world.row(row)).toMatchObject({ Title: "Dark mode", Status: "Backlog" });
    expect(world.row(row)["GitHub Note"]).toMatch(/^Its issue is gone/);
    expect(people.issues(repository)).toHaveLength(0);
  });

  test("an issue that was transferred out of reach leaves its row, and makes no second one", async () => {
    const { world, row, people, number } = await withIssue();
    await using _ = world;
    people.addRepository("acme/elsewhere");
    people.transferIssue(repository, number, "acme/elsewhere");
    await world.sync({ isFull: true });
    await world.sync({ isFull: true });
    expect(world.rows().map(({ id }) => id)).toEqual([row]);
    expect(world.row(row)["GitHub Note"]).toMatch(/^Its issue is gone/);
    expect(people.issues(repository)).toHaveLength(0);
  });
});

describe("several repositories", () => {
  test("a row says where its issue is made, and follows an issue that was moved", async () => {
    await using world = await PlanningWorld.open({ repositories: [repository, web] });
    await world.init();
    const { people } = world.github;
    const first = world.addRow("In the app", { Status: select("Backlog") });
    const second = world.addRow("On the web", { Status: select("Backlog"), Repository: select(web) });
    await world.sync();
    expect(people.issues(repository).map(({ title }) => title)).toEqual(["In the app"]);
    expect(people.issues(web).map(({ title }) => title)).toEqual(["On the web"]);
    expect(world.row(second)).toMatchObject({ "GitHub Issue #": `${web}#1`, Repository: web });
    world.editRow(second, { Repository: select(repository) });
    await world.sync();
    expect(world.row(second)).toMatchObject({ Repository: web });
    expect(people.issues(web)).toHaveLength(1);
    people.transferIssue(web, 1, repository);
    await world.sync({ isFull: true });
    await world.sync({ isFull: true });
    const titles = world.rows().map(({ Title, "GitHub Issue #": issue }) => [Title, issue]);
    expect(titles.filter(([title]) => title === "In the app")).toHaveLength(1);
    expect(world.row(first)).toMatchObject({ "GitHub Issue #": `${repository}#1` });
  });

  test("a repository that got another name is noticed by a poll, and its rows show it", async () => {
    const { world, row, people } = await withIssue();
    await using _ = world;
    people.renameRepository(repository, "acme/renamed");
    await world.sync();
    expect(world.row(row)).toMatchObject({
      Repository: "acme/renamed",
      "GitHub Issue #": "acme/renamed#1",
      "Issue Link": expect.stringContaining("acme/renamed/issues/1"),
    });
    const { run } = await world.sync();
    expect(run.counts).toMatchObject({ created: 0, updated: 0 });
    expect(people.issues("acme/renamed")).toHaveLength(1);
  });
});

describe("each field", () => {
  test("labels nobody manages and people nobody knows stay as they are on both sides", async () => {
    await using world = await PlanningWorld.open();
    for (const login of ["ada", "grace"]) world.github.people.addUser(login);
    const ada = world.notion.workspace.addPerson({ name: "Ada" });
    world.change({ fields: { labels: { managed: ["bug"] }, assignees: { people: { ada } }, due: {} } });
    await world.init();
    const { people } = world.github;
    const number = people.addIssue(repository, {
      title: "Login",
      labels: ["bug", "legal"],
      assignees: ["ada", "grace"],
      body: "It fails.\n\nDue: 2026-12-24",
    });
    await world.sync();
    const [row] = world.rows();
    expect(row).toMatchObject({ Labels: ["bug"], Assignees: ["Ada"], Due: "2026-12-24" });
    world.editRow(row?.id ?? "", {
      Labels: { multi_select: [] },
      Assignees: { people: [] },
      Due: { date: { start: "2026-12-31" } },
    });
    await world.sync();
    expect(world.events.find(({ event }) => event === "planning.people_unmapped")?.fields).toMatchObject({
      github_logins: ["grace"],
    });
    const findings = await (await world.lockstep()).doctor();
    expect(findings.find(({ check }) => check === "people")).toMatchObject({
      state: "warn",
      detail: "assigned, and in no map, so left alone on their side: grace",
    });
    expect(people.labelsOf(repository, number)).toEqual(["legal"]);
    expect(people.issue(repository, number)).toMatchObject({ assignees: ["grace"] });
    expect(people.issue(repository, number)?.body).toMatch(/^It fails\.\n\nDue: 2026-12-31\n/);
  });

  test("what the other side cannot hold waits, and the rest goes on", async () => {
    const { world, row, people, number, issue } = await withIssue();
    await using _ = world;
    people.editIssue(repository, number, { labels: ["a, b", "bug"] });
    world.editRow(row, { Title: titleOf("x".repeat(300)), Priority: select("High") });
    const report = await world.sync();
    expect(report.open).toMatchObject({ problems: 1 });
    expect(issue()?.title).toBe("Dark mode");
    expect(world.row(row)).toMatchObject({ Labels: ["bug"] });
    expect(people.labelsOf(repository, number).toSorted()).toEqual(["a, b", "bug", "priority: High"]);
    const { problems } = await (await world.lockstep()).twoWay.questions({ limit: 10 });
    expect(problems[0]?.problem).toMatch(/Title: it has 300 characters, and 256 are the most on GitHub/);
  });

  test("a renamed option and a renamed property stay what they were", async () => {
    const { world, row, people, number } = await withIssue();
    await using _ = world;
    world.notion.workspace.renameOption(world.database, "Status", { from: "Dropped", to: "Not doing" });
    world.notion.workspace.renameProperty(world.database, "Status", "State");
    world.editRow(row, { State: select("Not doing") });
    await world.sync();
    expect(people.issue(repository, number)).toMatchObject({ state: "closed", reason: "not_planned" });
  });

  test("words that would act are only words on the other side, and come back as they were", async () => {
    const { world, row, people, number, issue } = await withIssue();
    await using _ = world;
    const words = "fixes #1 for @acme/all <b> &#64;x";
    world.editRow(row, { Title: titleOf(words) });
    await world.sync();
    expect(issue()?.title).not.toMatch(/fixes #1|@acme|<b>|&#64;/);
    people.editIssue(repository, number, { title: `${issue()?.title} again` });
    await world.sync();
    expect(world.row(row).Title).toBe(`${words} again`);
  });

  test("a side that owns a field takes changes of the other back", async () => {
    const { world, row, people, number } = await withIssue({
      section: { fields: { status: { owner: "github" }, priority: { owner: "notion" } } },
    });
    await using _ = world;
    world.editRow(row, { Status: select("Done"), Priority: select("High") });
    await world.sync();
    expect(world.row(row)).toMatchObject({ Status: "Backlog" });
    expect(people.issue(repository, number)?.state).toBe("open");
    people.editIssue(repository, number, { labels: ["priority: Low"] });
    await world.sync();
    expect(people.labelsOf(repository, number)).toEqual(["priority: High"]);
  });

  test("a sprint is the issue's milestone, made where it is missing", async () => {
    const { world, row, people, number } = await withIssue();
    await using _ = world;
    world.editRow(row, { Sprint: select("Sprint 7") });
    await world.sync();
    expect(people.issue(repository, number)?.milestone).toBe(1);
    people.addMilestone(repository, "Sprint 8");
    people.editIssue(repository, number, { milestone: 2 });
    await world.sync();
    expect(world.row(row)).toMatchObject({ Sprint: "Sprint 8" });
  });

  test("a title that both changed waits for a person, and the row shows both, once", async () => {
    const { world, row, people, number, issue } = await withIssue({ section: { conflictComments: true } });
    await using _ = world;
    world.editRow(row, { Title: titleOf("Night mode") });
    people.editIssue(repository, number, { title: "Dim mode" });
    const report = await world.sync();
    await world.sync();
    expect(report.open).toMatchObject({ conflicts: 1 });
    expect([world.row(row).Title, issue()?.title]).toEqual(["Night mode", "Dim mode"]);
    const comments = await world.comments(row);
    expect(comments).toHaveLength(1);
    expect(comments[0]).toMatch(/• here: Night mode\n• on GitHub: Dim mode/);
    const { twoWay } = await world.lockstep();
    const [conflict] = (await twoWay.questions({ limit: 10 })).conflicts;
    await twoWay.settle({ id: conflict?.id ?? "", take: "github", by: "ada" });
    await world.sync();
    expect(world.row(row)).toMatchObject({ Title: "Dim mode" });
  });
});

describe("identity", () => {
  test("with the store lost, every pair is found again and none is made twice", async () => {
    const { world, row, people, number } = await withIssue();
    await using _ = world;
    const other = people.addIssue(repository, { title: "By hand" });
    await world.sync();
    await world.forget();
    await world.sync();
    await world.sync();
    expect(
      people
        .issues(repository)
        .map((issue) => issue.number)
        .toSorted(),
    ).toEqual([number, other]);
    expect(world.rows()).toHaveLength(2);
    world.editRow(row, { Title: titleOf("Still one") });
    await world.sync();
    expect(people.issue(repository, number)?.title).toBe("Still one");
  });

  test.each([
    [
      "the marker in the issue",
      (parts: Parts) => parts.people.editIssue(repository, parts.number, { body: "Mine." }),
    ],
    ["the id on the row", (parts: Parts) => parts.world.editRow(parts.row, { "Lockstep ID": textOf("") })],
    [
      "the number on the row",
      (parts: Parts) => parts.world.editRow(parts.row, { "GitHub Issue #": textOf("") }),
    ],
  ])("%s comes back when it is lost, also with the store", async (_what, lose) => {
    const parts = await withIssue();
    const { world, row, people, number } = parts;
    await using _ = world;
    lose(parts);
    await world.forget();
    await world.sync();
    await world.sync();
    await world.sync();
    expect(world.rows()).toHaveLength(1);
    expect(people.issues(repository)).toHaveLength(1);
    expect(people.issue(repository, number)?.body).toMatch(/<!-- lockstep:1 /);
    expect(world.row(row)).toMatchObject({ "GitHub Issue #": `${repository}#${number}` });
    expect(world.row(row)["Lockstep ID"]).not.toEqual([]);
  });

  test("a marker copied into another issue takes over no row", async () => {
    const { world, row, people, number, issue } = await withIssue();
    await using _ = world;
    const forged = people.addIssue(repository, { title: "Takeover", body: issue()?.body ?? "" }, "mallory");
    await world.sync();
    await world.sync();
    expect(world.row(row)).toMatchObject({ Title: "Dark mode", "GitHub Issue #": `${repository}#${number}` });
    const other = world.rows().find(({ Title }) => Title === "Takeover");
    expect(other).toMatchObject({ "GitHub Issue #": `${repository}#${forged}` });
    await world.forget();
    await world.sync();
    await world.sync();
    expect(world.row(row)).toMatchObject({ Title: "Dark mode", "GitHub Issue #": `${repository}#${number}` });
    expect(world.rows()).toHaveLength(2);
  });

  test("a row that names an issue is linked to it", async () => {
    await using world = await PlanningWorld.open({ section: { creates: { rows: false } } });
    await world.init();
    const { people } = world.github;
    const number = people.addIssue(repository, { title: "There already" });
    const row = world.addRow("There already", {
      Status: select("Backlog"),
      "GitHub Issue #": textOf(`#${number}`),
    });
    await world.sync();
    await world.sync();
    expect(people.issues(repository)).toHaveLength(1);
    expect(world.row(row)).toMatchObject({ "GitHub Issue #": `${repository}#${number}` });
  });

  type Parts = Awaited<ReturnType<typeof withIssue>>;
});

describe("which issues become rows", () => {
  test("those with the label; one that has a row keeps it", async () => {
    await using world = await PlanningWorld.open({ section: { filter: { label: "planned" } } });
    await world.init();
    const { people } = world.github;
    people.addIssue(repository, { title: "Not this" });
    const number = people.addIssue(repository, { title: "This", labels: ["planned"] });
    const row = world.addRow("Mine", { Status: select("Backlog") });
    await world.sync();
    expect(
      world
        .rows()
        .map(({ Title }) => Title)
        .toSorted(),
    ).toEqual(["Mine", "This"]);
    people.editIssue(repository, number, { labels: [], title: "Still this" });
    await world.sync({ isFull: true });
    expect(
      world
        .rows()
        .map(({ Title }) => Title)
        .toSorted(),
    ).toEqual(["Mine", "Still this"]);
    expect(world.row(row)["GitHub Issue #"]).toMatch(/^acme\/app#/);
  });

  test.each([
    { filter: { author: "Ada" }, expected: ["By Ada"] },
    { filter: { milestone: "March" }, expected: ["For March"] },
  ])("those of $filter", async ({ filter, expected }) => {
    await using world = await PlanningWorld.open({ section: { filter } });
    await world.init();
    const { people } = world.github;
    people.addUser("ada");
    people.addIssue(repository, { title: "By Ada" }, "ada");
    const milestone = people.addMilestone(repository, "March");
    people.addIssue(repository, { title: "For March", milestone });
    people.addIssue(repository, { title: "Not this" });
    await world.sync();
    expect(world.rows().map(({ Title }) => Title)).toEqual(expected);
  });

  test("a row that was done before it had an issue gets none", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    const row = world.addRow("Long ago", { Status: select("Done") });
    await world.sync();
    expect(world.github.people.issues(repository)).toHaveLength(0);
    world.editRow(row, { Status: select("In Progress") });
    await world.sync();
    expect(world.github.people.issues(repository)).toHaveLength(1);
  });
});

describe("comments", () => {
  test("are copied with author and link, each once", async () => {
    const { world, row, people, number } = await withIssue({ section: { comments: "notion" } });
    await using _ = world;
    people.comment(repository, number, "Looks @good", "ada");
    await world.sync();
    await world.sync();
    await world.restart();
    await world.sync();
    const comments = await world.comments(row);
    expect(comments).toHaveLength(1);
    expect(comments[0]).toMatch(/^ada on GitHub \(http.*\):\nLooks @good$/);
  });

  test("of an issue without a row wait for its row, also in a repository where nothing has one", async () => {
    await using world = await PlanningWorld.open({
      repositories: [repository, web],
      section: { comments: "notion", filter: { label: "planned" } },
    });
    await world.init();
    await world.sync();
    const { people } = world.github;
    const number = people.addIssue(web, { title: "Not planned yet" });
    people.comment(web, number, "Ought to be planned", "ada");
    await world.sync();
    await world.clock.advance(600_000);
    await world.sync();
    expect(world.rows()).toEqual([]);
    people.editIssue(web, number, { labels: ["planned"] });
    await world.sync();
    await world.sync();
    const [row] = world.rows();
    const comments = await world.comments(row?.id ?? "");
    expect(comments).toHaveLength(1);
    expect(comments[0]).toMatch(/Ought to be planned$/);
  });

  test("that a row in the trash did not take are there when it is back", async () => {
    const { world, row, people, number } = await withIssue({
      section: { comments: "notion", whenArchived: "nothing" },
    });
    await using _ = world;
    await world.sync();
    world.notion.workspace.trashPage(row);
    people.comment(repository, number, "Where is it?", "ada");
    await world.sync();
    await world.clock.advance(600_000);
    await world.sync();
    world.notion.workspace.restorePage(row);
    world.editRow(row, { Status: select("In Progress") });
    await world.sync();
    await world.sync();
    expect(await world.comments(row)).toEqual([expect.stringMatching(/Where is it\?$/)]);
  });

  test("whose answer was lost are not sent again while the first may still show", async () => {
    const { world, row, people, number } = await withIssue({ section: { comments: "notion" } });
    await using _ = world;
    people.comment(repository, number, "Once", "ada");
    world.notion.faults.add({
      match: { method: "POST", path: "/v1/comments", times: 1 },
      effect: { kind: "status", status: 502 },
    });
    const posts = () =>
      world.notion.calls.recent.filter(
        ({ method, path }) => method === "POST" && path.startsWith("/v1/comments"),
      ).length;
    world.notion.calls.reset();
    await world.sync();
    const sent = posts();
    await (await world.lockstep()).sync([], { trigger: "test", isAccepted: true });
    expect(posts()).toBe(sent);
    await world.sync();
    expect(await world.comments(row)).toHaveLength(1);
  });
});
