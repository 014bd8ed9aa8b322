import { describe, expect, it } from "vitest";
import type { WriteOutcome } from "../../src/connector/connector.ts";
import type { Json } from "../../src/core/json.ts";
import { connect, MINUTE, notionWorld, pullAll, titled, type World } from "./notion-world.ts";

const MARKER_NAME = "Lockstep ID";
const MARKER = "lk-1";
const inTime = { sendBy: Number.POSITIVE_INFINITY };
const properties = { Name: { title: {} }, [MARKER_NAME]: { rich_text: {} }, Who: { people: {} } };
const title = (plain: string) => ({ title: { plain, rich: null } });
const marked = (marker: string) => ({ [MARKER_NAME]: { rich_text: [{ text: { content: marker } }] } });

const openWorld = () => notionWorld({ properties, connector: { markerProperty: MARKER_NAME } });

const create = ({ connector }: World, marker = MARKER) =>
  connector.apply({ kind: "create", marker, fields: title("Ours") }, inTime);

function recordIn(outcome: WriteOutcome) {
  if (outcome.kind !== "applied") throw new Error(JSON.stringify(outcome));
  return outcome.record;
}

describe("a row of ours", () => {
  it("is told from a copy that a person made of it, marker and all", async () => {
    await using world = await openWorld();
    const ours = recordIn(await create(world));
    world.advance(5 * MINUTE);
    const [copy = ""] = world.emulator.workspace.addRows(world.dataSourceId, 1, () => ({
      properties: { ...titled("Copy"), ...marked(MARKER) },
    }));
    const { records, accessProof } = await world.connector.find(MARKER);
    expect(records.map(({ id, marker, isOurs }) => ({ id, marker, isOurs }))).toEqual([
      { id: ours.id, marker: MARKER, isOurs: true },
      { id: copy, marker: MARKER, isOurs: false },
    ]);
    expect(accessProof).toContain(world.dataSourceId);
  });

  it("carries its marker beside its fields, not among them", async () => {
    await using world = await openWorld();
    const { id } = await world.column(MARKER_NAME);
    await create(world);
    const { records } = await pullAll(world.connector, { mode: "full" });
    expect(Object.keys(records[0]?.fields ?? {})).not.toContain(id);
    const { fields } = await world.connector.describe();
    expect(fields.find((field) => field.id === id)).toMatchObject({ isDerived: true });
    const write = {
      kind: "update",
      id: records[0]?.id ?? "",
      fields: { [id]: null },
      expected: { revision: "" },
    } as const;
    expect(await world.connector.apply(write, inTime)).toMatchObject({
      kind: "refused",
      code: "FIELD_READ_ONLY",
    });
  });

  it("is found by the whole marker in its own case alone", async () => {
    await using world = await openWorld();
    await create(world);
    for (const marker of ["LK-1", "lk", "lk-11"])
      expect((await world.connector.find(marker)).records).toEqual([]);
  });

  it("is not found in the trash, which queries do not list", async () => {
    await using world = await openWorld();
    const { id } = recordIn(await create(world));
    world.emulator.workspace.trashPage(id);
    expect((await world.connector.find(MARKER)).records).toEqual([]);
  });

  it("is not known to be the only one when Notion does not list them all", async () => {
    await using world = await notionWorld({
      properties,
      queryCap: 3,
      connector: { markerProperty: MARKER_NAME },
    });
    world.emulator.workspace.addRows(world.dataSourceId, 5, () => ({ properties: marked(MARKER) }));
    const { records, accessProof } = await world.connector.find(MARKER);
    expect(records.length).toBe(3);
    expect(accessProof).toBeNull();
  });

  it("is not known to be missing while a query lists nothing for another reason", async () => {
    await using world = await openWorld();
    await create(world);
    world.emulator.workspace.unshare(world.databaseId);
    expect(await world.connector.find(MARKER)).toEqual({ records: [], accessProof: null });
    world.emulator.workspace.revokeToken(world.emulator.token);
    await expect(world.connector.find(MARKER)).rejects.toMatchObject({ code: "NOTION_UNAUTHORIZED" });
  });
});

describe("what a write costs", () => {
  it("is one request once the columns and the user are known, and those are read once", async () => {
    await using world = await openWorld();
    await create(world);
    expect(world.callsSince()).toBe(3);
    for (let index = 0; index < 5; index += 1) await create(world, `lk-2${index}`);
    expect(world.callsSince()).toBe(5);
    expect(world.emulator.calls.byRoute).toMatchObject({ "GET /users/me": 1, "POST /pages": 6 });
  });

  it("holds only what was written", async () => {
    const { connector, bodies } = inProcess();
    const expected = { revision: "" };
    await connector.apply({ kind: "update", id: "p1", fields: title("New"), expected }, inTime);
    await connector.apply({ kind: "trash", id: "p1", expected }, inTime);
    await connector.apply({ kind: "restore", id: "p1", fields: {}, marker: "lk-9", expected }, inTime);
    expect(bodies).toEqual([
      { properties: { title: { title: [{ type: "text", text: { content: "New", link: null } }] } } },
      { in_trash: true },
      { in_trash: false, properties: { m: { rich_text: [{ type: "text", text: { content: "lk-9" } }] } } },
    ]);
  });
});

describe("columns that changed since they were read", () => {
  it("are read anew after Notion refused a write, so that the next one fits", async () => {
    await using world = await notionWorld({ properties: { Name: { title: {} }, Contact: { url: {} } } });
    const { id } = await world.column("Contact");
    const [row = ""] = world.emulator.workspace.addRows(world.dataSourceId, 1, () => ({}));
    const write = {
      kind: "update",
      id: row,
      fields: { [id]: "a@b.example" },
      expected: { revision: "" },
    } as const;
    expect((await world.connector.apply(write, inTime)).kind).toBe("applied");
    world.emulator.workspace.retypeProperty(world.dataSourceId, "Contact", { email: {} });
    expect(await world.connector.apply(write, inTime)).toMatchObject({
      kind: "refused",
      code: "NOTION_REFUSED",
    });
    expect((await world.connector.apply(write, inTime)).kind).toBe("applied");
  });
});

describe("the answer to a write", () => {
  const manyPeople = (world: World) =>
    Array.from({ length: 30 }, (_, index) => world.emulator.workspace.addPerson({ name: `Person ${index}` }));

  it("is completed where it cuts a list short", async () => {
    await using world = await openWorld();
    const who = await world.column("Who");
    const people = manyPeople(world);
    const { id } = recordIn(await create(world));
    const write = { kind: "update", id, fields: { [who.id]: people }, expected: { revision: "" } } as const;
    expect(recordIn(await world.connector.apply(write, inTime)).fields[who.id]).toEqual(people);
  });

  it("leaves a list that cannot be completed unobserved, and the write applied", async () => {
    await using world = await openWorld();
    const who = await world.column("Who");
    const { id } = recordIn(await create(world));
    world.emulator.faults.add({ match: { path: "/properties/" }, effect: { kind: "status", status: 503 } });
    const write = {
      kind: "update",
      id,
      fields: { [who.id]: manyPeople(world) },
      expected: { revision: "" },
    } as const;
    const record = recordIn(await world.connector.apply(write, inTime));
    expect(record.unobserved).toEqual([who.id]);
    expect(record.fields).not.toHaveProperty([who.id]);
    expect(record.fields).toMatchObject(title("Ours"));
  });
});

describe("the marker property", () => {
  it("is added when it is not there, and only then", async () => {
    await using world = await notionWorld({ connector: { markerProperty: MARKER_NAME } });
    const before = await world.connector.describe();
    expect(before.capabilities.canWrite).toBe(false);
    expect(before.warnings).toEqual([expect.stringContaining('"Lockstep ID", which marks the rows')]);
    expect(await create(world)).toMatchObject({ kind: "refused", code: "SCHEMA_DRIFT" });
    const added = await world.connector.ensureMarkerProperty();
    expect(added).toEqual({ id: (await world.column(MARKER_NAME)).id, name: MARKER_NAME, isNew: true });
    expect(await world.connector.ensureMarkerProperty()).toEqual({ ...added, isNew: false });
    expect((await world.connector.describe()).capabilities.canWrite).toBe(true);
    expect((await create(world)).kind).toBe("applied");
  });

  it("may be given by its id, which a new name does not change", async () => {
    await using world = await openWorld();
    const { id } = await world.column(MARKER_NAME);
    const { connector } = connect(world.emulator, world.dataSourceId, { markerProperty: id });
    world.emulator.workspace.renameProperty(world.dataSourceId, MARKER_NAME, "Do not touch");
    const outcome = await connector.apply({ kind: "create", marker: MARKER, fields: {} }, inTime);
    expect(recordIn(outcome).marker).toBe(MARKER);
    expect((await connector.find(MARKER)).records).toHaveLength(1);
  });

  it("of another type is left as it is", async () => {
    await using world = await notionWorld({
      properties: { Name: { title: {} }, [MARKER_NAME]: { number: {} } },
      connector: { markerProperty: MARKER_NAME },
    });
    await expect(world.connector.ensureMarkerProperty()).rejects.toMatchObject({
      code: "SCHEMA_DRIFT",
      message: expect.stringContaining("is of type number"),
    });
  });

  it.each([
    {
      name: "whose addition gets no answer is looked for",
      effect: { kind: "drop", when: "after" } as const,
      isThere: true,
    },
    {
      name: "that could not be added says why",
      effect: { kind: "status", status: 403, code: "restricted_resource" } as const,
      isThere: false,
    },
  ])("$name", async ({ effect, isThere }) => {
    await using world = await notionWorld({ connector: { markerProperty: MARKER_NAME } });
    world.emulator.faults.add({ match: { method: "PATCH" }, effect });
    const adding = world.connector.ensureMarkerProperty();
    if (isThere) expect(await adding).toMatchObject({ isNew: true });
    else await expect(adding).rejects.toMatchObject({ message: expect.stringContaining("Update content") });
  });

  it("has to be named before rows are found or made", async () => {
    await using world = await notionWorld();
    await expect(world.connector.find(MARKER)).rejects.toMatchObject({ code: "USAGE" });
    await expect(world.connector.ensureMarkerProperty()).rejects.toMatchObject({ code: "USAGE" });
    expect(await create(world)).toMatchObject({ kind: "refused", code: "SCHEMA_DRIFT" });
  });
});

describe("checkSchema", () => {
  it("names the fields that are gone or of another type, and no others", async () => {
    await using world = await notionWorld();
    const { fields } = await world.connector.describe();
    expect(await world.connector.checkSchema(fields)).toEqual([]);
    world.emulator.workspace.deleteProperty(world.dataSourceId, "Notes");
    world.emulator.workspace.retypeProperty(world.dataSourceId, "Count", { rich_text: {} });
    world.emulator.workspace.renameProperty(world.dataSourceId, "Name", "Title");
    const problems = await world.connector.checkSchema(fields);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Property "Notes" \(.+\) is gone/),
      expect.stringMatching(/^Property "Count" \(.+\) is of type rich_text now, and was number/),
    ]);
  });
});

describe("without sockets and without real time", () => {
  it("the connector works over any fetch, and its timeout runs on its clock", async () => {
    const { connector, clock } = inProcess();
    const create = { kind: "create", marker: MARKER, fields: {} } as const;
    expect((await connector.apply(create, inTime)).kind).toBe("applied");
    expect(clock.monotonic()).toBe(0);
    const trash = { kind: "trash", id: "hangs", expected: { revision: "" } } as const;
    expect(await connector.apply(trash, inTime)).toMatchObject({
      kind: "doubt",
      reason: expect.stringContaining("within 60000 ms"),
    });
    expect(clock.monotonic()).toBe(60_000);
  });
});

/** A connector over a Notion in this process, with one page; of other pages it never answers. */
function inProcess() {
  const page = {
    object: "page",
    id: "p1",
    created_time: "2026-11-21T07:20:00.000Z",
    last_edited_time: "2026-11-21T07:20:00.000Z",
    created_by: { object: "user", id: "bot" },
    in_trash: false,
    parent: { type: "data_source_id", data_source_id: "ds" },
    properties: {},
  };
  const columns = {
    M: { id: "m", type: "rich_text", rich_text: {} },
    Name: { id: "title", type: "title", title: {} },
  };
  const answers: { readonly [path: string]: Json } = {
    "/v1/users/me": { object: "user", id: "bot" },
    "/v1/data_sources/ds": { object: "data_source", id: "ds", title: [], properties: columns },
    "/v1/pages": page,
    "/v1/pages/p1": page,
  };
  const bodies: unknown[] = [];
  const over = async (url: URL, init: RequestInit): Promise<Response> => {
    if (init.method === "PATCH") bodies.push(JSON.parse(String(init.body)));
    const answer = answers[url.pathname];
    if (answer !== undefined) return Response.json(answer);
    return new Promise((_, reject) =>
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
    );
  };
  const target = { url: "http://notion.invalid", token: "ntn_dummy", fetch: over };
  return { ...connect(target, "ds", { markerProperty: "M" }), bodies };
}
