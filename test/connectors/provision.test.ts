import { describe, expect, it } from "vitest";
import type { DatabaseSpecs, PropertySpec } from "../../src/connector/database-spec.ts";
import { createProvisionApi, type ProvisionApi } from "../../src/connectors/notion/provision/api.ts";
import { checkDatabases } from "../../src/connectors/notion/provision/checks.ts";
import type { CurrentDatabase, CurrentProperty } from "../../src/connectors/notion/provision/current.ts";
import { type KnownDatabase, parseKnown } from "../../src/connectors/notion/provision/known.ts";
import { planProvision } from "../../src/connectors/notion/provision/plan.ts";
import { type ProvisionTargets, provision } from "../../src/connectors/notion/provision/provision.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { createBreaker } from "../../src/http/breaker.ts";
import { createHttpClient } from "../../src/http/client.ts";
import { createPacer } from "../../src/http/pacer.ts";
import { virtualClock } from "../http/virtual-clock.ts";

const specs = {
  jobs: {
    title: "Jobs",
    properties: {
      Name: { type: "title" },
      Stage: {
        type: "status",
        options: [
          { name: "Open", color: "gray", group: "To-do" },
          { name: "Busy", color: "blue", group: "In progress" },
          { name: "Over", color: "green", group: "Complete" },
        ],
      },
      Team: { type: "select", options: [{ name: "Red", color: "red" }, { name: "Blue" }] },
      Cost: { type: "number", format: "euro" },
      Made: { type: "created_time" },
      Files: { type: "relation", to: "files", mirror: "Job" },
      Age: { type: "formula", expression: 'dateBetween(now(), prop("Made"), "days")' },
    },
    views: [
      { name: "Board", type: "board", groupBy: "Stage", shown: ["Name", "Age"] },
      { name: "Stuck", type: "table", filter: { property: "Stage", isOneOf: ["Open", "Busy"] } },
      {
        name: "Red team",
        type: "table",
        filter: { property: "Team", isOneOf: ["Red"] },
        sorts: [{ property: "Cost", direction: "descending" }],
      },
    ],
  },
  files: { title: "Files", properties: { Name: { type: "title" }, Link: { type: "url" } }, views: [] },
} as const satisfies DatabaseSpecs;

async function openWorld() {
  const emulator = await startEmulator({ ratePerMinute: null });
  const parentPageId = emulator.workspace.createPage({ properties: {} });
  const targets = (known: Readonly<Record<string, KnownDatabase>> = {}): ProvisionTargets =>
    Object.fromEntries(
      Object.entries(specs).map(([key, spec]) => [
        key,
        { spec, place: { parentPageId }, known: known[key] ?? null },
      ]),
    );
  return {
    emulator,
    parentPageId,
    targets,
    api: apiOf(emulator),
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}

function apiOf({ url, token }: { readonly url: string; readonly token: string }): ProvisionApi {
  const clock = virtualClock();
  return createProvisionApi(
    createHttpClient({
      service: "Notion",
      baseUrl: url,
      headers: { authorization: `Bearer ${token}` },
      clock,
      random: () => 0.5,
      pacer: createPacer({ clock, ratePerMinute: 1_000_000 }),
      breaker: createBreaker({ clock, service: "Notion" }),
    }),
  );
}

/** The writes that the emulator has seen. */
function writesSeen({ calls }: Emulator): number {
  return Object.entries(calls.byRoute).reduce(
    (sum, [route, count]) => (route.startsWith("GET ") ? sum : sum + count),
    0,
  );
}

async function ready(api: ProvisionApi, targets: ProvisionTargets) {
  const result = await provision(api, targets);
  if (result.kind === "blocked") throw new Error(JSON.stringify(result.differences));
  return result;
}

async function viewsOf(emulator: Emulator, dataSourceId: string) {
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${emulator.token}`, "notion-version": "2026-03-11" };
    return (await (await fetch(`${emulator.url}/v1/${path}`, { headers })).json()) as Record<string, unknown>;
  };
  const { results } = await get(`views?data_source_id=${dataSourceId}`);
  return Promise.all((results as { id: string }[]).map(({ id }) => get(`views/${id}`)));
}

describe("provision", () => {
  it("makes the databases, with options in order, colours, groups, relations, formulas and views", async () => {
    await using world = await openWorld();
    const { databases, differences } = await ready(world.api, world.targets());
    const jobs = await world.api.readDatabase(databases.jobs?.dataSourceId ?? "");
    expect(differences).toEqual([]);
    expect(jobs.properties.map(({ name, type }) => `${name}: ${type}`).sort()).toEqual(
      Object.entries(specs.jobs.properties)
        .map(([name, { type }]) => `${name}: ${type}`)
        .sort(),
    );
    const stage = jobs.properties.find(({ name }) => name === "Stage");
    expect(stage?.options.map(({ name, color }) => [name, color])).toEqual([
      ["Open", "gray"],
      ["Busy", "blue"],
      ["Over", "green"],
    ]);
    const files = jobs.properties.find(({ name }) => name === "Files");
    expect(files?.targetId).toBe(databases.files?.dataSourceId);
    const mirror = (await world.api.readProperties(databases.files?.dataSourceId ?? "")).find(
      ({ name }) => name === "Job",
    );
    expect(mirror?.id).toBe(databases.jobs?.properties.Files?.mirrorId);
    expect(jobs.properties.find(({ name }) => name === "Cost")?.format).toBe("euro");
  });

  it("puts each status into its group, so that a new page starts in the first one", async () => {
    await using world = await openWorld();
    const { databases } = await ready(world.api, world.targets());
    const dataSourceId = databases.jobs?.dataSourceId ?? "";
    world.emulator.workspace.createPage({ parent: { dataSourceId } });
    const [row] = world.emulator.workspace.rows(dataSourceId);
    expect(row?.properties.Stage).toMatchObject({ name: "Open" });
    const headers = { authorization: `Bearer ${world.emulator.token}`, "notion-version": "2026-03-11" };
    const answer = await fetch(`${world.emulator.url}/v1/data_sources/${dataSourceId}`, { headers });
    const { properties } = (await answer.json()) as {
      properties: { Stage: { status: { groups: { name: string; option_ids: string[] }[] } } };
    };
    const sizes = properties.Stage.status.groups.map(({ name, option_ids }) => [name, option_ids.length]);
    expect(sizes).toEqual([
      ["To-do", 1],
      ["In progress", 1],
      ["Complete", 1],
    ]);
  });

  it("makes the views as the spec says, beside the one that Notion makes", async () => {
    await using world = await openWorld();
    const { databases } = await ready(world.api, world.targets());
    const { properties, views, dataSourceId } = databases.jobs as KnownDatabase;
    const made = await viewsOf(world.emulator, dataSourceId);
    expect(made.map(({ name }) => name)).toEqual(["Default view", "Board", "Stuck", "Red team"]);
    expect(Object.keys(views)).toEqual(["Board", "Stuck", "Red team"]);
    const id = (name: string) => properties[name]?.id;
    expect(made[1]?.configuration).toMatchObject({
      type: "board",
      group_by: { type: "status", property_id: id("Stage"), group_by: "option" },
      properties: expect.arrayContaining([
        { property_id: id("Name"), visible: true },
        { property_id: id("Age"), visible: true },
        { property_id: id("Team"), visible: false },
      ]),
    });
    expect(made[2]?.filter).toEqual({ property: id("Stage"), status: { equals: ["Open", "Busy"] } });
    expect(made[3]).toMatchObject({
      filter: { property: id("Team"), select: { equals: "Red" } },
      sorts: [{ property: id("Cost"), direction: "descending" }],
    });
  });

  it("writes nothing the second time, with the stored ids and without", async () => {
    await using world = await openWorld();
    const first = await ready(world.api, world.targets());
    expect(first.writes).toBe(writesSeen(world.emulator));
    const seen = writesSeen(world.emulator);
    const stored = JSON.parse(JSON.stringify(first.databases));
    const known = { jobs: parseKnown(stored.jobs), files: parseKnown(stored.files) };
    expect(known).toEqual(first.databases);
    for (const again of [world.targets(first.databases), world.targets()]) {
      const { writes, databases } = await ready(world.api, again);
      expect(writes).toBe(0);
      expect(databases).toEqual(first.databases);
    }
    expect(writesSeen(world.emulator)).toBe(seen);
  });

  it("goes on after a stop at any write, and makes nothing twice", async () => {
    // Two databases and three views are posted; relation and formula are one patch.
    const writes = [...[1, 2, 3, 4, 5].map((nth) => ({ method: "POST", nth })), { method: "PATCH", nth: 1 }];
    for (const write of writes) {
      await using world = await openWorld();
      const stop = { match: write, effect: { kind: "drop", when: "after" } } as const;
      world.emulator.faults.add(stop);
      await expect(provision(world.api, world.targets()), JSON.stringify(write)).rejects.toMatchObject({
        retry: "safe",
      });
      const { databases } = await ready(world.api, world.targets());
      const made = await viewsOf(world.emulator, databases.jobs?.dataSourceId ?? "");
      expect(made.map(({ name }) => name)).toEqual(["Default view", "Board", "Stuck", "Red team"]);
      const found = await world.api.findDatabases(world.parentPageId, "Jobs");
      expect(found, JSON.stringify(write)).toEqual([databases.jobs?.dataSourceId]);
    }
  });

  it("adopts a database of people's own: adds what is missing and leaves everything else", async () => {
    await using world = await openWorld();
    const { workspace } = world.emulator;
    const { dataSourceIds } = workspace.createDatabase({
      title: "Our jobs",
      dataSources: [
        {
          name: "Our jobs",
          properties: {
            Titel: { title: {} },
            Mine: { checkbox: {} },
            stage: {
              status: {
                options: [
                  { name: "Later", color: "pink" },
                  { name: "OPEN", color: "brown" },
                ],
              },
            },
            Team: { select: { options: [{ name: "Green", color: "green" }] } },
          },
        },
      ],
    });
    const dataSourceId = dataSourceIds[0] ?? "";
    const row = workspace.createPage({
      parent: { dataSourceId },
      properties: { Team: { select: { name: "Green" } }, stage: { status: { name: "OPEN" } } },
    });
    const before = workspace.rows(dataSourceId).find(({ id }) => id === row);
    const targets = world.targets();
    const jobs = { spec: specs.jobs, place: { dataSourceId }, known: null };
    const { databases } = await ready(world.api, { ...targets, jobs });
    const current = await world.api.readDatabase(dataSourceId);
    const options = (name: string) =>
      current.properties
        .find((each) => each.name === name)
        ?.options.map((each) => `${each.name} ${each.color}`);
    expect(options("stage")).toEqual(["Later pink", "OPEN brown", "Busy blue", "Over green"]);
    expect(options("Team")).toEqual(["Green green", "Red red", "Blue default"]);
    expect(current.properties.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["Titel", "Mine", "Age"]),
    );
    expect(databases.jobs?.properties.Name?.id).toBe("title");
    const after = workspace.rows(dataSourceId).find(({ id }) => id === row);
    expect(after?.properties.Team).toEqual(before?.properties.Team);
    expect(after?.properties.stage).toEqual(before?.properties.stage);
  });

  it("follows what people renamed, and makes no second one", async () => {
    await using world = await openWorld();
    const { databases } = await ready(world.api, world.targets());
    const dataSourceId = databases.jobs?.dataSourceId ?? "";
    const { workspace } = world.emulator;
    workspace.renameProperty(dataSourceId, "Team", "Crew");
    workspace.renameProperty(dataSourceId, "Made", "Born");
    workspace.renameOption(dataSourceId, "Crew", { from: "Red", to: "Crimson" });
    const { writes } = await ready(world.api, world.targets(databases));
    expect(writes).toBe(0);
    workspace.deleteProperty(dataSourceId, "Age");
    expect((await ready(world.api, world.targets(databases))).writes).toBe(1);
    const age = (await world.api.readProperties(dataSourceId)).find(({ name }) => name === "Age");
    expect(age?.expression).toBe('dateBetween(now(), prop("Born"), "days")');
  });

  it("tells a property of another type, and writes nothing at all", async () => {
    await using world = await openWorld();
    const { dataSourceIds } = world.emulator.workspace.createDatabase({
      title: "Theirs",
      dataSources: [{ name: "Theirs", properties: { Name: { title: {} }, Team: { rich_text: {} } } }],
    });
    const jobs = { spec: specs.jobs, place: { dataSourceId: dataSourceIds[0] ?? "" }, known: null };
    const result = await provision(world.api, { ...world.targets(), jobs });
    expect(result).toEqual({
      kind: "blocked",
      differences: [
        {
          about: "property Team",
          problem: "is of type rich_text, and select is expected",
          mend: expect.stringContaining("rename it"),
          isBlocking: true,
        },
      ],
    });
    expect(writesSeen(world.emulator)).toBe(0);
  });

  it("leaves alone a database that merely has the same title", async () => {
    await using world = await openWorld();
    const { dataSourceIds } = world.emulator.workspace.createDatabase({
      title: "Jobs",
      pageId: world.parentPageId,
      dataSources: [{ name: "Jobs", properties: { Name: { title: {} } } }],
    });
    const { databases } = await ready(world.api, world.targets());
    expect(databases.jobs?.dataSourceId).not.toBe(dataSourceIds[0]);
    expect((await world.api.readProperties(dataSourceIds[0] ?? "")).map(({ name }) => name)).toEqual([
      "Name",
    ]);
  });

  it.each([
    {
      what: "a page that is not shared",
      spoil: (world: Awaited<ReturnType<typeof openWorld>>) =>
        world.emulator.workspace.unshare(world.parentPageId),
      says: /404[\s\S]*not shared with the connection/,
    },
    {
      what: "a connection that may not insert",
      spoil: (world: Awaited<ReturnType<typeof openWorld>>) =>
        world.emulator.faults.add({
          match: { method: "POST", path: "/databases" },
          effect: { kind: "status", status: 403, code: "restricted_resource" },
        }),
      says: /allow "Insert content"/,
    },
    {
      what: "a page in the trash",
      spoil: (world: Awaited<ReturnType<typeof openWorld>>) =>
        world.emulator.faults.add({
          match: { method: "POST", path: "/databases" },
          effect: {
            kind: "status",
            status: 400,
            code: "validation_error",
            message: "Can't edit block that is archived. You must unarchive the block before editing.",
          },
        }),
      says: /in the trash: restore it, or choose another/,
    },
  ])("explains the refusal of $what", async ({ spoil, says }) => {
    await using world = await openWorld();
    spoil(world);
    await expect(provision(world.api, world.targets())).rejects.toThrow(says);
  });
});

describe("checkDatabases", () => {
  it("says what is missing and how it is mended, and that all is well afterwards", async () => {
    await using world = await openWorld();
    expect(await checkDatabases(world.api, world.targets())).toEqual([
      {
        name: "Jobs: database",
        ok: false,
        detail: "is not there yet",
        mend: expect.stringContaining("init"),
      },
      {
        name: "Files: database",
        ok: false,
        detail: "is not there yet",
        mend: expect.stringContaining("init"),
      },
    ]);
    const { databases } = await ready(world.api, world.targets());
    const checks = await checkDatabases(world.api, world.targets(databases));
    expect(checks.filter(({ ok, mend }) => !ok || mend !== null)).toEqual([]);
    world.emulator.workspace.deleteProperty(databases.jobs?.dataSourceId ?? "", "Cost");
    const [missing] = (await checkDatabases(world.api, world.targets(databases))).filter(({ ok }) => !ok);
    expect(missing).toMatchObject({ name: "Jobs: properties", detail: 'missing: property "Cost"' });
  });

  it("reports what Notion refuses instead of throwing it", async () => {
    await using world = await openWorld();
    const { databases } = await ready(world.api, world.targets());
    world.emulator.workspace.unshare(databases.jobs?.databaseId ?? "");
    const checks = await checkDatabases(world.api, world.targets(databases));
    expect(checks).toMatchObject([{ name: "databases", ok: false, detail: /^ACCESS_LOST/ }]);
  });
});

const property = (name: string, type: string, rest: Partial<CurrentProperty> = {}): CurrentProperty => ({
  id: name.toLowerCase(),
  name,
  type,
  options: [],
  expression: null,
  format: null,
  targetId: null,
  mirrorId: null,
  ...rest,
});

describe("planProvision", () => {
  const cases: readonly {
    readonly name: string;
    readonly found: CurrentProperty;
    readonly wanted: PropertySpec;
    readonly problem: string;
    readonly isBlocking: boolean;
  }[] = [
    {
      name: "a number format that people changed",
      found: property("X", "number", { format: "dollar" }),
      wanted: { type: "number", format: "euro" },
      problem: "shows numbers as dollar",
      isBlocking: false,
    },
    {
      name: "a formula that people changed",
      found: property("X", "formula", { expression: "1 + 2" }),
      wanted: { type: "formula", expression: "1 + 1" },
      problem: "another formula",
      isBlocking: false,
    },
    {
      name: "a relation to another database",
      found: property("X", "relation", { targetId: "one" }),
      wanted: { type: "relation", to: "other", mirror: null },
      problem: "another database than other",
      isBlocking: true,
    },
  ];
  it.each(cases)("tells $name and changes nothing", ({ found, wanted, problem, isBlocking }) => {
    const current: CurrentDatabase = { databaseId: "d", dataSourceId: "s", properties: [found], views: [] };
    const spec = { title: "T", properties: { X: wanted }, views: [] };
    const plan = planProvision(current, spec, { known: null, dataSourceIds: { other: "two" } });
    expect(plan).toMatchObject({ steps: [], differences: [{ isBlocking }] });
    expect(plan.differences[0]?.problem).toContain(problem);
  });

  it("sees through spaces and renamed properties in a formula, and Notion's own old form of it", () => {
    const wanted = { type: "formula", expression: 'prop("A") + 1' } as const;
    const spec = { title: "T", properties: { X: wanted }, views: [] };
    for (const expression of ['prop("B")+1', "{{notion:block_property:a:b:c}} + 1"]) {
      const properties = [property("X", "formula", { expression })];
      const current = { databaseId: "d", dataSourceId: "s", properties, views: [] };
      expect(planProvision(current, spec, { known: null, dataSourceIds: {} }).differences).toEqual([]);
    }
  });

  it("makes a new property beside one that was known, retyped and renamed", () => {
    const known = {
      databaseId: "d",
      dataSourceId: "s",
      properties: { X: { id: "old", options: {}, mirrorId: null } },
      views: {},
    };
    const spec = { title: "T", properties: { X: { type: "date" } as const }, views: [] };
    const properties = [property("Old X", "rich_text", { id: "old" })];
    const current = { databaseId: "d", dataSourceId: "s", properties, views: [] };
    expect(planProvision(current, spec, { known, dataSourceIds: {} })).toEqual({
      steps: [{ kind: "add-property", property: "X" }],
      differences: [],
    });
  });
});
