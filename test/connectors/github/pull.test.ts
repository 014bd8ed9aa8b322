import { describe, expect, it } from "vitest";
import { pull } from "../../../src/connector/connector.suite.ts";
import { createGitHubConnector } from "../../../src/connectors/github/connector.ts";
import { githubWorld, KEY, REPO } from "./world.ts";

const MINUTE = 60_000;
const titles = (records: readonly { readonly fields: Readonly<Record<string, unknown>> }[]) =>
  records.map(({ fields }) => fields.title).sort();

describe("a full pull", () => {
  it.each([
    { count: 0, calls: 2 },
    { count: 120, calls: 3 },
    { count: 250, calls: 4 },
  ])(
    "of $count issues takes $calls calls, with the one for the repository's id",
    async ({ count, calls }) => {
      await using world = await githubWorld();
      for (let index = 0; index < count; index += 1) {
        world.clock.advance(1_000);
        world.emulator.people.addIssue(REPO, { title: `Issue ${index}` });
      }
      const { records, end } = await pull(world.connector, "full");
      expect(records.length).toBe(count);
      expect(end.isComplete).toBe(true);
      expect(world.emulator.calls.total).toBe(calls);
    },
  );

  it("leaves pull requests out", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    people.addIssue(REPO, { title: "Issue" });
    people.push(REPO, "feature");
    await world.client.send({
      method: "POST",
      path: `/repositories/${world.repositoryId}/pulls`,
      body: { title: "Pull request", head: "feature", base: "main" },
    });
    expect(titles((await pull(world.connector, "full")).records)).toEqual(["Issue"]);
    expect((await world.connector.get(world.idOf(2))).presence).toBe("unknown");
  });

  it.each([{ isSinceExclusive: false }, { isSinceExclusive: true }])(
    "misses nothing that is edited, deleted or made between two pages ($isSinceExclusive)",
    async (emulator) => {
      await using world = await githubWorld({ emulator });
      const { people } = world.emulator;
      for (let index = 0; index < 350; index += 1) {
        if (index % 3 === 0) world.clock.advance(1_000);
        people.addIssue(REPO, { title: `Issue ${index}` });
      }
      const pulling = world.connector.pull({
        mode: "full",
        checkpoint: null,
        memosOf: async () => new Map(),
        knownFields: null,
      });
      const seen = new Map<string, unknown>();
      for (let page = 0; ; page += 1) {
        const next = await pulling.next();
        if (next.done) break;
        for (const { id, fields } of next.value.records) seen.set(id, fields.title);
        if (page > 2) continue;
        world.clock.advance(1_000);
        for (let number = 1; number < 340; number += 13) {
          if (people.issue(REPO, number) === null) continue;
          if (number % 2 === 0) people.deleteIssue(REPO, number);
          else people.editIssue(REPO, number, { title: `Edited ${page}.${number}` });
        }
        people.addIssue(REPO, { title: `New ${page}` });
      }
      const missing = people
        .issues(REPO)
        .filter(({ number, title }) => seen.get(world.idOf(number)) !== title);
      expect(missing.map(({ title }) => title)).toEqual([]);
    },
  );

  it("that was interrupted shows later what its first pages could not see yet", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    const hidden = people.addIssue(REPO, { title: "Hidden at first" });
    people.delayInLists(REPO, hidden, 50_000);
    for (let index = 0; index < 150; index += 1) {
      world.clock.advance(100);
      people.addIssue(REPO, { title: `Issue ${index}` });
    }
    const request = { mode: "full", memosOf: async () => new Map(), knownFields: null } as const;
    const first = await world.connector.pull({ ...request, checkpoint: null }).next();
    if (first.done) throw new Error("the first page was the last");
    world.clock.advance(10 * MINUTE);
    const rest = await pull(world.connector, "full", first.value.resumeAt ?? null);
    const later = await pull(world.connector, "changes", rest.end.checkpoint);
    const all = [...first.value.records, ...rest.records, ...later.records];
    expect(all.map(({ fields }) => fields.title)).toContain("Hidden at first");
  });

  it("reads more issues of one second than a page shows", async () => {
    await using world = await githubWorld();
    world.emulator.people.addIssues(REPO, 260, (index) => ({ title: `Same second ${index}` }));
    const { records, end } = await pull(world.connector, "full");
    expect(new Set(records.map(({ id }) => id)).size).toBe(260);
    expect(end.isComplete).toBe(true);
  });
});

describe("a pull of changes", () => {
  /** A world that was read, and has been quiet since. */
  async function quietWorld() {
    const world = await githubWorld();
    const number = world.emulator.people.addIssue(REPO, { title: "One" });
    world.clock.advance(10 * MINUTE);
    const { end } = await pull(world.connector, "full");
    world.clock.advance(10 * MINUTE);
    const settled = await pull(world.connector, "changes", end.checkpoint);
    world.emulator.calls.reset();
    return { world, number, checkpoint: settled.end.checkpoint };
  }

  it("costs one call and nothing of the limit when nothing changed", async () => {
    const { world, checkpoint } = await quietWorld();
    await using _ = world;
    const { records, end } = await pull(world.connector, "changes", checkpoint);
    expect(records).toEqual([]);
    expect(world.emulator.calls.recent.map(({ status }) => status)).toEqual([304]);
    expect(end).toMatchObject({ isComplete: true, checkpoint });
    expect(end.accessProof).not.toBeNull();
  });

  it("costs one call in a new process, too", async () => {
    const { world, checkpoint } = await quietWorld();
    await using _ = world;
    const fresh = createGitHubConnector({
      client: world.clientFor(world.emulator.token),
      clock: world.clock,
      repositories: [REPO],
      markerKeys: [KEY],
    });
    await pull(fresh, "changes", checkpoint);
    expect(world.emulator.calls.total).toBe(1);
  });

  it("costs one call when several changed, and asks the same question again as long as the answer is short", async () => {
    const { world, checkpoint, number } = await quietWorld();
    await using _ = world;
    world.emulator.people.editIssue(REPO, number, { title: "Edited" });
    const first = await pull(world.connector, "changes", checkpoint);
    expect(titles(first.records)).toEqual(["Edited"]);
    world.clock.advance(5 * MINUTE);
    await pull(world.connector, "changes", first.end.checkpoint);
    expect(world.emulator.calls.recent.map(({ status }) => status)).toEqual([200, 304]);
  });

  it("lists what appeared late in the list again", async () => {
    const { world, checkpoint, number } = await quietWorld();
    await using _ = world;
    world.emulator.people.editIssue(REPO, number, { title: "First" });
    const first = await pull(world.connector, "changes", checkpoint);
    world.emulator.people.editIssue(REPO, number, { title: "Second, in the same second" });
    const second = await pull(world.connector, "changes", first.end.checkpoint);
    expect(titles(second.records)).toEqual(["Second, in the same second"]);
  });

  it("lists nothing again that was listed long enough ago", async () => {
    const { world, checkpoint, number } = await quietWorld();
    await using _ = world;
    const other = world.emulator.people.addIssue(REPO, { title: "Two" });
    world.clock.advance(5 * MINUTE);
    const first = await pull(world.connector, "changes", checkpoint);
    world.clock.advance(5 * MINUTE);
    world.emulator.people.editIssue(REPO, number, { title: "Edited" });
    const second = await pull(world.connector, "changes", first.end.checkpoint);
    expect(first.records.map(({ id }) => id)).toEqual([world.idOf(other)]);
    expect(second.records.map(({ id }) => id)).toEqual([world.idOf(number)]);
  });

  it("goes on through a rename, also when the old name is given to another repository", async () => {
    const { world, checkpoint, number } = await quietWorld();
    await using _ = world;
    const { people } = world.emulator;
    people.renameRepository(REPO, "acme/renamed");
    people.addRepository(REPO);
    people.addIssue(REPO, { title: "Of a stranger" });
    people.editIssue("acme/renamed", number, { title: "Edited" });
    const { records } = await pull(world.connector, "changes", checkpoint);
    expect(titles(records)).toEqual(["Edited"]);
    expect(records[0]).toMatchObject({
      id: world.idOf(number),
      fields: { repository: { name: "acme/renamed" } },
    });
  });

  it("shows every issue once more when its repository has another name, and costs one call from then on", async () => {
    const { world, checkpoint, number } = await quietWorld();
    await using _ = world;
    const { people } = world.emulator;
    const other = people.addIssue(REPO, { title: "Two" });
    world.clock.advance(10 * MINUTE);
    const before = await pull(world.connector, "changes", checkpoint);
    world.clock.advance(10 * MINUTE);
    people.renameRepository(REPO, "acme/renamed");
    const renamed = await pull(world.connector, "changes", before.end.checkpoint);
    expect(renamed.records).toMatchObject(
      [number, other].map((each) => ({
        id: world.idOf(each),
        fields: { repository: { name: "acme/renamed" } },
      })),
    );
    world.clock.advance(10 * MINUTE);
    const settled = await pull(world.connector, "changes", renamed.end.checkpoint);
    world.emulator.calls.reset();
    const after = await pull(world.connector, "changes", settled.end.checkpoint);
    expect(after.records).toEqual([]);
    expect(world.emulator.calls.recent.map(({ status }) => status)).toEqual([304]);
  });

  it("notices a new name that came in the midst of a first reading", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    for (let index = 1; index <= 150; index += 1) {
      people.addIssue(REPO, { title: `Issue ${index}` });
      world.clock.advance(1_000);
    }
    const reading = world.connector.pull({
      mode: "full",
      checkpoint: null,
      memosOf: async () => new Map(),
      knownFields: null,
    });
    await reading.next();
    people.renameRepository(REPO, "acme/renamed");
    let end = await reading.next();
    while (end.done !== true) end = await reading.next();
    world.clock.advance(10 * MINUTE);
    const { records } = await pull(world.connector, "changes", end.value.checkpoint);
    expect(records).toHaveLength(150);
  });

  it("shows a tombstone that somebody else of ours made", async () => {
    const { world, checkpoint, number } = await quietWorld();
    await using _ = world;
    const write = { kind: "trash", id: world.idOf(number), expected: { revision: "" } } as const;
    await world.connector.apply(write, { sendBy: Number.POSITIVE_INFINITY });
    const { records } = await pull(world.connector, "changes", checkpoint);
    expect(records.map(({ presence }) => presence)).toEqual(["trashed"]);
  });

  it("costs one call soon after a bulk edit, too", async () => {
    await using world = await githubWorld();
    world.emulator.people.addIssues(REPO, 260, (index) => ({ title: `Same second ${index}` }));
    world.clock.advance(10 * MINUTE);
    let { end } = await pull(world.connector, "full");
    for (let round = 0; round < 4; round += 1) {
      world.clock.advance(10 * MINUTE);
      world.emulator.calls.reset();
      ({ end } = await pull(world.connector, "changes", end.checkpoint));
    }
    expect(world.emulator.calls.recent.map(({ status }) => status)).toEqual([304]);
  });

  it("does not believe an empty answer to a question that has one", async () => {
    const { world, checkpoint, number } = await quietWorld();
    await using _ = world;
    const { people, faults } = world.emulator;
    people.editIssue(REPO, number, { title: "Edited" });
    for (const mode of ["changes", "sweep"] as const) {
      faults.add({ match: { times: 1 }, effect: { kind: "empty_list" } });
      const { end } = await pull(world.connector, mode, checkpoint);
      expect(end).toMatchObject({ isComplete: false, checkpoint, accessProof: null });
    }
    faults.clear();
    expect(titles((await pull(world.connector, "changes", checkpoint)).records)).toEqual(["Edited"]);
  });

  it("believes an empty answer once what was to be in it is deleted", async () => {
    const { world, checkpoint, number } = await quietWorld();
    await using _ = world;
    world.emulator.people.deleteIssue(REPO, number);
    const { end } = await pull(world.connector, "changes", checkpoint);
    expect(end.isComplete).toBe(true);
    expect((await pull(world.connector, "sweep", end.checkpoint)).end.isComplete).toBe(true);
  });

  it("goes on when what was to be in the answer is out of sight, and nothing else was", async () => {
    const { world, checkpoint, number } = await quietWorld();
    await using _ = world;
    const { people } = world.emulator;
    world.clock.advance(10 * MINUTE);
    const spam = people.addIssue(REPO, { title: "Spam" }, "spammer");
    world.clock.advance(10 * MINUTE);
    let { end } = await pull(world.connector, "changes", checkpoint);
    people.vanishIssue(REPO, spam);
    people.vanishIssue(REPO, number);
    for (let round = 0; round < 2; round += 1) {
      ({ end } = await pull(world.connector, "changes", end.checkpoint));
      expect(end.isComplete).toBe(true);
    }
    expect((await world.connector.get(world.idOf(number))).presence).toBe("unknown");
  });

  it("throws when GitHub is away, and waits out a short limit", async () => {
    const { world, checkpoint } = await quietWorld();
    await using _ = world;
    const { faults } = world.emulator;
    faults.add({ match: { times: 4 }, effect: { kind: "status", status: 502 } });
    await expect(pull(world.connector, "changes", checkpoint)).rejects.toMatchObject({
      code: "UPSTREAM_FAILED",
    });
    faults.clear();
    const message =
      "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    faults.add({ match: { times: 1 }, effect: { kind: "status", status: 403, message, retryAfter: 30 } });
    expect((await pull(world.connector, "changes", checkpoint)).end.isComplete).toBe(true);
    world.clock.advance(MINUTE);
    faults.add({ effect: { kind: "status", status: 403, message, retryAfter: 600 } });
    await expect(pull(world.connector, "changes", checkpoint)).rejects.toMatchObject({
      code: "RATE_LIMITED",
      retry: { afterMs: 600_000 },
    });
  });

  it.each([
    {
      name: "the token is revoked",
      spoil: (world: Awaited<ReturnType<typeof githubWorld>>) =>
        world.emulator.people.revokeToken(world.emulator.token),
    },
    {
      name: "the right is taken away",
      spoil: (world: Awaited<ReturnType<typeof githubWorld>>) =>
        world.emulator.people.addToken(world.emulator.token, { rights: {} }),
    },
    {
      name: "issues are switched off",
      spoil: (world: Awaited<ReturnType<typeof githubWorld>>) =>
        world.emulator.people.changeRepository(REPO, { hasIssues: false }),
    },
    {
      name: "the repository is out of sight",
      spoil: (world: Awaited<ReturnType<typeof githubWorld>>) =>
        world.emulator.people.changeRepository(REPO, { isGone: true }),
    },
  ])("is ACCESS_LOST when $name", async ({ spoil }) => {
    const { world, checkpoint } = await quietWorld();
    await using _ = world;
    spoil(world);
    await expect(pull(world.connector, "changes", checkpoint)).rejects.toMatchObject({ code: "ACCESS_LOST" });
    await expect(pull(world.connector, "sweep", checkpoint)).rejects.toMatchObject({ code: "ACCESS_LOST" });
  });
});

describe("several repositories", () => {
  it("are one collection, and each goes on from where it was", async () => {
    await using world = await githubWorld({ connector: { repositories: [REPO, "acme/site"] } });
    const { people, calls } = world.emulator;
    const site = people.addRepository("acme/site");
    people.addIssue(REPO, { title: "App" });
    people.addIssue("acme/site", { title: "Site" });
    world.clock.advance(10 * MINUTE);
    const full = await pull(world.connector, "full");
    expect(full.records.map(({ id }) => id).sort()).toEqual([world.idOf(1), `${site}/1`].sort());
    world.clock.advance(10 * MINUTE);
    people.editIssue("acme/site", 1, { title: "Edited" });
    calls.reset();
    const { records } = await pull(world.connector, "changes", full.end.checkpoint);
    expect(records.map(({ id }) => id)).toEqual([`${site}/1`]);
    expect(calls.total).toBe(2);
  });

  it("reads a repository that was added to the configuration whole, and lets one go that was taken out", async () => {
    await using world = await githubWorld();
    const { people } = world.emulator;
    people.addRepository("acme/site");
    people.addIssue(REPO, { title: "App" });
    people.addIssue("acme/site", { title: "Site" });
    world.clock.advance(10 * MINUTE);
    const { end } = await pull(world.connector, "full");
    const client = world.clientFor(world.emulator.token);
    const options = { client, clock: world.clock, markerKeys: [KEY] } as const;
    const both = createGitHubConnector({ ...options, repositories: [REPO, "acme/site"] });
    const added = await pull(both, "changes", end.checkpoint);
    expect(titles(added.records)).toEqual(["Site"]);
    const other = createGitHubConnector({ ...options, repositories: ["acme/site"] });
    await pull(other, "changes", added.end.checkpoint);
    expect((await other.get(world.idOf(1))).presence).toBe("moved");
  });
});
