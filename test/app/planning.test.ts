import { describe, expect, test } from "vitest";
import { createDatabase } from "../support/postgres.ts";
import { PlanningWorld, repository, select, titleOf } from "./planning-world.ts";

describe("rows and issues are the same things", () => {
  test("a row becomes an issue and an issue a row, with links both ways", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    const row = world.addRow("Paint the door", { Status: select("In Progress"), Priority: select("High") });
    const { people } = world.github;
    const number = people.addIssue(repository, { title: "Oil the hinge", labels: ["bug"] });
    const report = await world.sync();
    expect(report.run.errors).toEqual([]);
    expect(report.open).toEqual({ conflicts: 0, holds: 0, problems: 0 });
    const made = people.issues(repository).find(({ title }) => title === "Paint the door");
    expect(made).toBeDefined();
    expect(people.labelsOf(repository, made?.number ?? 0).toSorted()).toEqual([
      "priority: High",
      "status: in progress",
    ]);
    expect(made?.body).toContain(`https://www.notion.so/${row.replaceAll("-", "")}`);
    expect(world.row(row)).toMatchObject({
      "GitHub Issue #": `${repository}#${made?.number}`,
      Repository: repository,
    });
    const other = world.rows().find(({ Title }) => Title === "Oil the hinge");
    expect(other).toMatchObject({
      Status: "Backlog",
      Labels: ["bug"],
      "GitHub Issue #": `${repository}#${number}`,
    });
    // Its row is one of ours, and names it: the issue is left as its author wrote it, until it is written anyway.
    expect(people.issue(repository, number)?.body).toBeNull();
    world.editRow(other?.id ?? "", { Title: titleOf("Oil both hinges") });
    await world.sync();
    expect(people.issue(repository, number)).toMatchObject({
      title: "Oil both hinges",
      body: expect.stringContaining("<!-- lockstep:1 "),
    });
  });

  test("edits go both ways, and then nothing is left to do", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    const row = world.addRow("Paint the door", { Status: select("Backlog") });
    await world.sync();
    const { people } = world.github;
    const [issue] = people.issues(repository);
    const number = issue?.number ?? 0;
    world.editRow(row, { Title: titleOf("Paint the door red"), Status: select("Dropped") });
    await world.sync();
    expect(people.issue(repository, number)).toMatchObject({ title: "Paint the door red" });
    people.editIssue(repository, number, { state: "open", labels: ["bug", "status: review"] });
    await world.sync();
    expect(world.row(row)).toMatchObject({ Status: "Ready for Review", Labels: ["bug"] });
    await world.sync();
    world.notion.calls.reset();
    world.github.calls.reset();
    const { run } = await world.sync();
    expect(run.counts).toMatchObject({ created: 0, updated: 0 });
    expect([world.notion.calls.total, world.github.calls.total]).toEqual([1, 2]);
  });
});

describe("a plan", () => {
  test("says what a sync would do on either side, and writes nothing", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    world.addRow("A row", { Status: select("Backlog") });
    world.github.people.addIssue(repository, { title: "An issue" });
    await world.clock.advance(120_000);
    const lockstep = await world.lockstep();
    const [plan] = await lockstep.plan([], {});
    expect(plan).toMatchObject({ type: "two-way", counts: { create: 2 }, mustBeAccepted: true, error: null });
    expect(world.rows()).toHaveLength(1);
    expect(world.github.people.issues(repository)).toHaveLength(1);
    const [refused] = await lockstep.sync([], { trigger: "test" });
    expect(refused?.run.status).toBe("refused");
    expect(world.rows()).toHaveLength(1);
  });
});

describe("on Postgres", () => {
  test("everything is as on SQLite", async () => {
    await using database = await createDatabase();
    await using world = await PlanningWorld.open({ store: database.url });
    await world.init();
    const row = world.addRow("Paint the door", { Status: select("Backlog") });
    await world.sync();
    const { people } = world.github;
    const number = people.issues(repository)[0]?.number ?? 0;
    people.push(repository, `${number}-door`);
    world.editRow(row, { Status: select("Ready for Review") });
    await world.sync();
    await world.restart();
    await world.sync();
    expect(world.row(row)).toMatchObject({ "PR State": "Draft", Status: "Ready for Review" });
  });
});

describe("with fewer rights", () => {
  test("doctor names each that is missing and where to grant it, and the rest goes on", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    const { people } = world.github;
    people.addToken("ghp_dummy_issues_only", { rights: { issues: "write" } });
    world.useToken("ghp_dummy_issues_only");
    world.addRow("Still synced", { Status: select("Ready for Review") });
    const { run } = await world.sync();
    expect(run).toMatchObject({ status: "succeeded", counts: { created: 1 } });
    expect(people.issues(repository).map(({ title }) => title)).toEqual(["Still synced"]);
    await world.sync();
    const findings = await (await world.lockstep()).doctor();
    const missing = findings.filter(({ check, state }) => check === "right" && state === "failed");
    expect(missing.map(({ detail }) => detail)).toEqual(
      [
        "Pull requests: read",
        "Pull requests: write",
        "Contents: read",
        "Contents: write",
        "Checks: read",
        "Commit statuses: read",
      ].map((right) => `${right} in ${repository} is missing`),
    );
    for (const { mend } of missing) expect(mend).toMatch(/token|app/i);
    expect(world.events.some(({ event }) => event === "planning.left_out")).toBe(true);
  });

  test("doctor finds nothing to mend where everything is granted", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    await world.sync();
    const findings = await (await world.lockstep()).doctor();
    expect(findings.filter(({ state }) => state === "failed")).toEqual([]);
  });
});
