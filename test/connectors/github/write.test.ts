import { describe, expect, it } from "vitest";
import type { RecordWrite } from "../../../src/connector/connector.ts";
import { createGitHubConnector } from "../../../src/connectors/github/connector.ts";
import type { Json } from "../../../src/core/json.ts";
import type { SourceRecord } from "../../../src/core/record.ts";
import { type GitHubWorld, githubWorld, KEY, REPO } from "./world.ts";

const now = { sendBy: Number.POSITIVE_INFINITY };
const expected = { revision: "" };
const option = (name: string) => ({ id: null, name });

async function applied({ connector }: GitHubWorld, write: RecordWrite): Promise<SourceRecord> {
  const outcome = await connector.apply(write, now);
  if (outcome.kind !== "applied") throw new Error(`expected it to be applied: ${JSON.stringify(outcome)}`);
  return outcome.record;
}

const make = (world: GitHubWorld, fields: Readonly<Record<string, Json>> = {}, marker = "page-1") =>
  applied(world, { kind: "create", marker, fields: { title: "Made", body: "Words", ...fields } });

describe("a create", () => {
  it("carries everything at once, and makes labels that are not there", async () => {
    await using world = await githubWorld();
    const { people, calls } = world.emulator;
    people.addUser("hubot");
    people.addMilestone(REPO, "Sprint 4", "2026-12-01T00:00:00Z");
    calls.reset();
    const record = await make(world, {
      labels: [option("bug"), option("P1")],
      assignees: ["hubot"],
      milestone: option("sprint 4"),
      state: option("open"),
    });
    expect(record.fields).toMatchObject({
      title: "Made",
      body: "Words",
      state: { name: "open" },
      labels: [{ name: "P1" }, { name: "bug" }],
      assignees: [{ name: "hubot" }],
      milestone: { name: "Sprint 4" },
      repository: { name: REPO },
      milestone_due_on: "2026-12-01T00:00:00Z",
      number: 1,
      author: "octocat",
    });
    expect(
      calls.recent.map(({ route, status }) => `${route.replace("/repos/{owner}/{repo}", "")} ${status}`),
    ).toEqual(["GET  200", "GET /milestones 200", "POST /issues 201", "GET /user 200"]);
  });

  it("goes to the repository that it names", async () => {
    await using world = await githubWorld({ connector: { repositories: [REPO, "acme/site"] } });
    const site = world.emulator.people.addRepository("acme/site");
    const record = await make(world, { repository: option("acme/site") });
    expect(record.id).toBe(`${site}/1`);
    const outcome = await world.connector.apply(
      { kind: "create", marker: "m", fields: { title: "T", repository: option("acme/nowhere") } },
      now,
    );
    expect(outcome).toMatchObject({ kind: "refused", code: "OPTION_UNKNOWN" });
  });

  it("is found by its marker whoever lists it, and by nobody with another key", async () => {
    await using world = await githubWorld();
    const { id } = await make(world);
    const stranger = createGitHubConnector({
      client: world.client,
      clock: world.clock,
      repositories: [REPO],
      markerKeys: ["another key"],
    });
    expect((await world.connector.find("page-1")).records.map((record) => record.id)).toEqual([id]);
    expect((await stranger.find("page-1")).records).toEqual([]);
  });

  it("is not sent again after an answer that says nothing", async () => {
    for (const effect of [
      { kind: "status", status: 502, isApplied: true },
      { kind: "status", status: 500 },
      { kind: "status", status: 504, isHtml: true, isApplied: true },
      { kind: "invalid_json" },
      { kind: "drop", when: "after" },
    ] as const) {
      await using world = await githubWorld();
      const { faults, calls } = world.emulator;
      faults.add({ match: { method: "POST", times: 1 }, effect });
      const outcome = await world.connector.apply(
        { kind: "create", marker: "m", fields: { title: "T" } },
        now,
      );
      expect(outcome.kind).toBe("doubt");
      expect(calls.byRoute["POST /repos/{owner}/{repo}/issues"]).toBe(1);
    }
  });

  it("that meets a limit is refused until the limit is over, and not sent again", async () => {
    await using world = await githubWorld();
    const { faults, calls } = world.emulator;
    const message = "You have exceeded a secondary rate limit";
    faults.add({
      match: { method: "POST" },
      effect: { kind: "status", status: 403, message, retryAfter: 5 },
    });
    const outcome = await world.connector.apply({ kind: "create", marker: "m", fields: { title: "T" } }, now);
    expect(outcome).toMatchObject({ kind: "refused", code: "RATE_LIMITED", retryAfterMs: 5_000 });
    expect(calls.byRoute["POST /repos/{owner}/{repo}/issues"]).toBe(1);
  });

  it.each([
    { name: "without a title", fields: { title: "" }, code: "VALUE_INVALID" },
    { name: "with too long a title", fields: { title: "x".repeat(257) }, code: "VALUE_TOO_LONG" },
    { name: "with too long a body", fields: { body: "x".repeat(65_500) }, code: "VALUE_TOO_LONG" },
    { name: "with too long a label", fields: { labels: ["x".repeat(51)] }, code: "VALUE_TOO_LONG" },
    { name: "that is closed already", fields: { state: option("completed") }, code: "VALUE_INVALID" },
    { name: "with a state that is none", fields: { state: option("paused") }, code: "VALUE_INVALID" },
    {
      name: "with a milestone that is not there",
      fields: { milestone: option("Sprint 9") },
      code: "OPTION_UNKNOWN",
    },
    { name: "with a number of its own", fields: { number: 7 }, code: "FIELD_READ_ONLY" },
    { name: "with a field that issues do not have", fields: { weight: 7 }, code: "FIELD_UNKNOWN" },
  ])("$name is refused, and nothing is sent", async ({ fields, code }) => {
    await using world = await githubWorld();
    const outcome = await world.connector.apply(
      { kind: "create", marker: "m", fields: { title: "T", ...fields } },
      now,
    );
    expect(outcome).toMatchObject({ kind: "refused", code, retryAfterMs: null });
    expect(world.emulator.people.issues(REPO)).toEqual([]);
  });

  it("makes a milestone that is not there when it may", async () => {
    await using world = await githubWorld({ connector: { provisionMilestones: true } });
    expect((await make(world, { milestone: option("Sprint 9") })).fields.milestone).toMatchObject({
      name: "Sprint 9",
    });
  });
});

describe("an update", () => {
  it("closes for every reason and opens again", async () => {
    await using world = await githubWorld();
    const { id } = await make(world);
    for (const state of ["completed", "open", "not_planned", "duplicate", "open"]) {
      const record = await applied(world, { kind: "update", id, fields: { state: option(state) }, expected });
      expect(record).toMatchObject({ presence: "live", fields: { state: { name: state } } });
    }
  });

  it("keeps the marker when the body is written, and lets a person's text around it be", async () => {
    await using world = await githubWorld();
    const { id } = await make(world);
    const record = await applied(world, { kind: "update", id, fields: { body: "Other words" }, expected });
    expect(record).toMatchObject({ marker: "page-1", isOurs: true, fields: { body: "Other words" } });
    expect(world.emulator.people.issue(REPO, 1)?.body).toMatch(
      /^Other words\n\n<!-- lockstep:1 id=page-1 in=issue:\d+\/1 /,
    );
  });

  it("writes a field with one call when the issue was read a moment ago, else with the read before it", async () => {
    await using world = await githubWorld();
    const { id } = await make(world);
    await world.connector.get(id);
    world.emulator.calls.reset();
    await applied(world, { kind: "update", id, fields: { title: "A" }, expected });
    expect(world.emulator.calls.total).toBe(1);
    world.clock.advance(10_000);
    await applied(world, { kind: "update", id, fields: { title: "B" }, expected });
    expect(world.emulator.calls.total).toBe(3);
  });

  it("marks an issue that somebody else made, and only that one is believed", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const number = people.addIssue(REPO, { title: "Theirs", body: "Their words" }, "hubot");
    const id = world.idOf(number);
    const marked = await applied(world, { kind: "update", id, fields: {}, marker: "page-2", expected });
    expect(marked).toMatchObject({ marker: "page-2", isOurs: true, fields: { body: "Their words" } });
    const copy = people.addIssue(REPO, { title: "Copy", body: people.issue(REPO, number)?.body ?? null });
    expect(await world.connector.get(world.idOf(copy))).toMatchObject({
      record: { marker: null, isOurs: false, fields: { body: "Their words" } },
    });
  });

  it("does not believe a creation's marker that was copied into an issue by somebody else, or later", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    await make(world);
    const body = people.issue(REPO, 1)?.body ?? null;
    const byOther = people.addIssue(REPO, { title: "Forged", body }, "mallory");
    world.clock.advance(2 * 3_600_000);
    const later = people.addIssue(REPO, { title: "Copied", body }, "octocat");
    for (const number of [byOther, later])
      expect(await world.connector.get(world.idOf(number))).toMatchObject({
        record: { marker: null, isOurs: false },
      });
    expect((await world.connector.find("page-1")).records.map(({ id }) => id)).toEqual([world.idOf(1)]);
  });

  it("gives back a marker that a person took out", async () => {
    await using world = await githubWorld();
    const { id } = await make(world);
    world.emulator.people.editIssue(REPO, 1, { body: "All mine" });
    expect(await world.connector.get(id)).toMatchObject({ record: { marker: null } });
    const record = await applied(world, { kind: "update", id, fields: {}, marker: "page-1", expected });
    expect(record).toMatchObject({ marker: "page-1", fields: { body: "All mine" } });
  });

  it("moves no issue to another repository", async () => {
    await using world = await githubWorld({ connector: { repositories: [REPO, "acme/site"] } });
    world.emulator.people.addRepository("acme/site");
    const { id } = await make(world);
    const write = (repository: string): RecordWrite => ({
      kind: "update",
      id,
      fields: { repository: option(repository) },
      expected,
    });
    expect(await world.connector.apply(write("acme/site"), now)).toMatchObject({
      kind: "refused",
      code: "FIELD_READ_ONLY",
    });
    expect((await world.connector.apply(write(REPO), now)).kind).toBe("applied");
  });

  it("goes on after a rename, by either name", async () => {
    await using world = await githubWorld();
    const { id } = await make(world);
    world.emulator.people.renameRepository(REPO, "acme/renamed");
    for (const name of [REPO, "acme/renamed"]) {
      const record = await applied(world, {
        kind: "update",
        id,
        fields: { title: name, repository: option(name) },
        expected,
      });
      expect(record.fields).toMatchObject({ title: name, repository: { name: "acme/renamed" } });
    }
  });

  it.each([
    {
      name: "transferred",
      spoil: (world: GitHubWorld) => void world.emulator.people.transferIssue(REPO, 1, "acme/other"),
    },
    { name: "deleted", spoil: (world: GitHubWorld) => world.emulator.people.deleteIssue(REPO, 1) },
  ])("of a $name issue is refused", async ({ spoil }) => {
    await using world = await githubWorld();
    world.emulator.people.addRepository("acme/other");
    const { id } = await make(world);
    spoil(world);
    // As it was a moment ago, and as it is.
    for (const wait of [0, 10_000]) {
      world.clock.advance(wait);
      const outcome = await world.connector.apply(
        { kind: "update", id, fields: { title: "T" }, expected },
        now,
      );
      expect(outcome).toMatchObject({ kind: "refused", code: "RECORD_NOT_FOUND", retryAfterMs: null });
    }
    expect(world.emulator.people.issue("acme/other", 1)?.title ?? "Made").toBe("Made");
  });

  it("is refused where the repository is archived, and is ACCESS_LOST where the right is missing", async () => {
    await using world = await githubWorld();
    const { people, token } = world.emulator;
    const { id } = await make(world);
    const write: RecordWrite = { kind: "update", id, fields: { title: "T" }, expected };
    people.changeRepository(REPO, { isArchived: true });
    expect(await world.connector.apply(write, now)).toMatchObject({
      kind: "refused",
      code: "GITHUB_FORBIDDEN",
    });
    people.changeRepository(REPO, { isArchived: false });
    people.addToken(token, { rights: { issues: "read" } });
    await expect(world.connector.apply(write, now)).rejects.toMatchObject({
      code: "ACCESS_LOST",
      message: expect.stringContaining('"Issues: Read and write"'),
    });
  });

  it("says nothing of the token, whatever goes wrong", async () => {
    await using world = await githubWorld();
    const { people, token, faults } = world.emulator;
    const write: RecordWrite = { kind: "create", marker: "m", fields: { title: "T" } };
    const said: string[] = [];
    for (const status of [401, 403, 404, 422, 500, 502]) {
      faults.clear();
      faults.add({ match: { method: "POST" }, effect: { kind: "status", status } });
      said.push(
        JSON.stringify(
          await world.connector
            .apply(write, now)
            .catch((error: Error) => `${error.stack} ${JSON.stringify(error)}`),
        ),
      );
    }
    people.revokeToken(token);
    said.push(
      await world.connector.proveAccess().catch((error: Error) => `${error.stack} ${JSON.stringify(error)}`),
    );
    expect(said.join("\n")).not.toContain(token);
    expect(said.length).toBe(7);
  });
});

describe("a write without an answer", () => {
  it("leaves nothing behind that a later write could rest on", async () => {
    await using world = await githubWorld();
    const { id } = await make(world);
    world.emulator.faults.add({
      match: { method: "PATCH", times: 1 },
      effect: { kind: "drop", when: "after" },
    });
    expect((await world.connector.apply({ kind: "trash", id, expected }, now)).kind).toBe("doubt");
    const write: RecordWrite = { kind: "update", id, fields: { title: "T" }, expected };
    expect(await world.connector.apply(write, now)).toMatchObject({ code: "RECORD_TRASHED" });
  });
});

describe("find", () => {
  it("proves nothing when the list has no end", async () => {
    await using world = await githubWorld();
    const { people, faults } = world.emulator;
    people.addIssues(REPO, 150, (index) => ({ title: `Same second ${index}` }));
    faults.add({ match: { path: "[?&]page=" }, effect: { kind: "status", status: 422 } });
    expect(await world.connector.find("page-1")).toEqual({ records: [], accessProof: null });
  });
});

describe("a trashed issue", () => {
  it("is closed as not planned, and shows the state it had", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const { id } = await make(world);
    await applied(world, { kind: "update", id, fields: { state: option("completed") }, expected });
    const trashed = await applied(world, { kind: "trash", id, expected });
    expect(people.issue(REPO, 1)).toMatchObject({ state: "closed", reason: "not_planned" });
    expect(trashed).toMatchObject({
      presence: "trashed",
      marker: "page-1",
      fields: { state: { name: "completed" }, body: "Words" },
    });
    const restored = await applied(world, { kind: "restore", id, fields: {}, expected });
    expect(restored).toMatchObject({
      presence: "live",
      marker: "page-1",
      fields: { state: { name: "completed" } },
    });
  });

  it("is live again when a person opens it, and stays so when they close it as not planned", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const { id } = await make(world);
    await applied(world, { kind: "trash", id, expected });
    people.editIssue(REPO, 1, { state: "open" });
    expect(await world.connector.get(id)).toMatchObject({ presence: "live" });
    world.clock.advance(3_600_000);
    people.editIssue(REPO, 1, { state: "closed", reason: "not_planned" });
    expect(await world.connector.get(id)).toMatchObject({
      presence: "live",
      record: { fields: { state: { name: "not_planned" } } },
    });
  });

  it("cannot be made by a text", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const { id } = await make(world);
    await applied(world, { kind: "trash", id, expected });
    const body = people.issue(REPO, 1)?.body ?? null;
    const number = people.addIssue(REPO, { title: "Forged", body }, "mallory");
    people.editIssue(REPO, number, { state: "closed", reason: "not_planned" });
    expect(await world.connector.get(world.idOf(number))).toMatchObject({ presence: "live" });
  });

  it("is not closed a second time", async () => {
    await using world = await githubWorld();
    const { id } = await make(world);
    await applied(world, { kind: "trash", id, expected });
    world.emulator.calls.reset();
    expect((await applied(world, { kind: "trash", id, expected })).presence).toBe("trashed");
    expect(world.emulator.calls.total).toBe(0);
  });
});

describe("describe", () => {
  it("names labels, milestones and repositories to choose from, and what was renamed", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    people.addLabel(REPO, "bug");
    people.addMilestone(REPO, "Sprint 4");
    people.renameRepository(REPO, "acme/renamed");
    const { fields, warnings, name } = await world.connector.describe();
    const options = (id: string) =>
      fields.find((field) => field.id === id)?.options?.map((each) => each.name);
    expect(name).toBe("acme/renamed");
    expect([options("labels"), options("milestone"), options("repository")]).toEqual([
      ["bug"],
      ["Sprint 4"],
      ["acme/renamed"],
    ]);
    expect(warnings).toEqual([
      `${REPO} is now called acme/renamed: write the new name into the configuration`,
    ]);
    expect(fields.some(({ id }) => id === "comments")).toBe(false);
  });
});

describe("ensureLabels", () => {
  it("makes what is missing, once, in every repository", async () => {
    await using world = await githubWorld({ connector: { repositories: [REPO, "acme/site"] } });
    const { people } = world.emulator;
    people.addRepository("acme/site");
    people.addLabel(REPO, "Bug");
    const labels = [
      { name: "bug", color: "ff0000" },
      { name: "status: next", description: "Kept by Lockstep" },
    ];
    expect(await world.connector.ensureLabels(labels)).toEqual([
      `${REPO}: status: next`,
      "acme/site: bug",
      "acme/site: status: next",
    ]);
    expect(await world.connector.ensureLabels(labels)).toEqual([]);
  });
});

it("the key of the tests is the one that signs", async () => {
  await using world = await githubWorld();
  await make(world);
  const again = createGitHubConnector({
    client: world.client,
    clock: world.clock,
    repositories: [REPO],
    markerKeys: ["new key", KEY],
  });
  expect((await again.find("page-1")).records.length).toBe(1);
});
