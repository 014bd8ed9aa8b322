import { describe, expect, it } from "vitest";
import type { RecordWrite, WriteOutcome } from "../../src/connector/connector.ts";
import type { NotionConnector } from "../../src/connectors/notion/connector.ts";
import type { LockstepError } from "../../src/core/errors.ts";
import { type Scripted, scriptedServer } from "../http/scripted-server.ts";
import { connect, notionWorld, type World } from "./notion-world.ts";

type FaultEffect = Parameters<World["emulator"]["faults"]["add"]>[0]["effect"];

const MARKER = "lk-1";
const inTime = { sendBy: Number.POSITIVE_INFINITY };
const writable = { markerProperty: "Lockstep ID" };
const properties = { Name: { title: {} }, "Lockstep ID": { rich_text: {} }, See: { rich_text: {} } };
const title = (plain: string) => ({ title: { plain, rich: null } });

/** "refused RATE_LIMITED 3000", "doubt <id>", "throws ACCESS_LOST": an outcome in one line. */
async function inShort(outcome: Promise<WriteOutcome>): Promise<string> {
  try {
    const known = await outcome;
    if (known.kind === "refused") return `refused ${known.code} ${known.retryAfterMs}`;
    if (known.kind === "doubt") return known.committedId === null ? "doubt" : `doubt ${known.committedId}`;
    return known.kind;
  } catch (error) {
    return `throws ${(error as LockstepError).code}`;
  }
}

/** A world with one row, its connector warmed up, and how many requests it then sends. */
async function writableWorld(timeoutMs = 5_000) {
  const world = await notionWorld({ properties });
  const { connector, clock, stats } = connect(
    { url: world.emulator.url, token: world.emulator.token, timeoutMs },
    world.dataSourceId,
    writable,
  );
  const made = await connector.apply({ kind: "create", marker: "first", fields: title("Old") }, inTime);
  if (made.kind !== "applied") throw new Error(JSON.stringify(made));
  const before = stats().calls;
  const rows = () => world.emulator.workspace.rows(world.dataSourceId);
  return {
    ...world,
    connector,
    clock,
    id: made.record.id,
    rows,
    calls: () => stats().calls - before,
    titles: () =>
      rows().map((row) => JSON.stringify(row.properties.Name).replace(/.*"plain_text":"(\w+)".*/, "$1")),
  };
}

const createOf = (): RecordWrite => ({ kind: "create", marker: MARKER, fields: title("New") });
const updateOf = (id: string): RecordWrite => ({
  kind: "update",
  id,
  fields: title("New"),
  expected: { revision: "" },
});

describe("a write that is sent once", () => {
  const rows: readonly {
    name: string;
    effect: FaultEffect;
    create: string;
    update: string;
    /** Whether Notion carried it out. */
    isDone: boolean;
  }[] = [
    ...([400, 422] as const).map((status) => ({
      name: `${status}`,
      effect: { kind: "status", status, code: "validation_error" } as const,
      create: "refused NOTION_REFUSED null",
      update: "refused NOTION_REFUSED null",
      isDone: false,
    })),
    {
      name: "401",
      effect: { kind: "status", status: 401, code: "unauthorized" },
      create: "throws ACCESS_LOST",
      update: "throws ACCESS_LOST",
      isDone: false,
    },
    {
      name: "403",
      effect: { kind: "status", status: 403, code: "restricted_resource" },
      create: "throws ACCESS_LOST",
      update: "throws ACCESS_LOST",
      isDone: false,
    },
    {
      name: "403 from the edge",
      effect: { kind: "status", status: 403, isHtml: true },
      create: "refused UPSTREAM_FAILED null",
      update: "refused UPSTREAM_FAILED null",
      isDone: false,
    },
    {
      name: "404",
      effect: { kind: "status", status: 404, code: "object_not_found" },
      create: "throws ACCESS_LOST",
      update: "refused RECORD_NOT_FOUND null",
      isDone: false,
    },
    ...[true, false].map((isApplied) => ({
      name: `409 ${isApplied ? "with" : "without"} effect`,
      effect: { kind: "status", status: 409, isApplied } as const,
      create: "doubt",
      update: "doubt",
      isDone: isApplied,
    })),
    {
      name: "429",
      effect: { kind: "status", status: 429, retryAfter: 7 },
      create: "refused RATE_LIMITED 7000",
      update: "refused RATE_LIMITED 7000",
      isDone: false,
    },
    {
      name: "429 for a blocked token",
      effect: { kind: "status", status: 429, retryAfter: 7, reason: "public_api_request_blocked" },
      create: "refused RATE_LIMITED null",
      update: "refused RATE_LIMITED null",
      isDone: false,
    },
    {
      name: "529",
      effect: { kind: "status", status: 529, retryAfter: 9 },
      create: "refused RATE_LIMITED 9000",
      update: "refused RATE_LIMITED 9000",
      isDone: false,
    },
    ...[500, 502, 503, 504].flatMap((status) =>
      [true, false].map((isApplied) => ({
        name: `${status} ${isApplied ? "with" : "without"} effect`,
        effect: { kind: "status", status, isApplied } as const,
        create: "doubt",
        update: "doubt",
        isDone: isApplied,
      })),
    ),
    {
      name: "503 that names what was written",
      effect: { kind: "status", status: 503, isApplied: true, namesCommitted: true },
      create: "doubt <made>",
      update: "doubt <id>",
      isDone: true,
    },
    ...(["drop", "hang"] as const).flatMap((kind) =>
      (["before", "after"] as const).map((when) => ({
        name: `${kind} ${when} it takes effect`,
        effect: { kind, when },
        create: "doubt",
        update: "doubt",
        isDone: when === "after",
      })),
    ),
    ...(["truncate", "invalid_json"] as const).map((kind) => ({
      name: `an answer with ${kind}`,
      effect: { kind },
      create: "doubt",
      update: "doubt",
      isDone: true,
    })),
    {
      name: "a write that reads show late",
      effect: { kind: "late_write", ms: 60_000 },
      create: "applied",
      update: "applied",
      isDone: false,
    },
  ];

  it.each(rows)("comes, after $name, to what can be known of it", async ({ effect, isDone, ...expected }) => {
    for (const kind of ["create", "update"] as const) {
      await using world = await writableWorld(effect.kind === "hang" ? 80 : 5_000);
      world.emulator.faults.add({
        match: { method: kind === "create" ? "POST" : "PATCH", path: "^/v1/pages" },
        effect,
      });
      const outcome = await inShort(
        world.connector.apply(kind === "create" ? createOf() : updateOf(world.id), inTime),
      );
      const made = world.rows().find((row) => row.id !== world.id)?.id ?? "none";
      expect(outcome).toBe(expected[kind].replace("<made>", made).replace("<id>", world.id));
      expect(world.calls()).toBe(1);
      if (effect.kind !== "late_write") expect(world.titles().includes("New")).toBe(isDone);
    }
  });
});

describe("a write that is not sent", () => {
  it("is refused for now when no connection comes about", async () => {
    await using world = await writableWorld();
    const { connector } = connect(
      { url: "http://127.0.0.1:9", token: "ntn_dummy" },
      world.dataSourceId,
      writable,
    );
    expect(await inShort(connector.apply(createOf(), inTime))).toBe("refused UPSTREAM_FAILED 0");
    await world.emulator.close();
    expect(await inShort(world.connector.apply(createOf(), inTime))).toBe("refused UPSTREAM_FAILED 0");
  });

  it("is refused until the circuit closes", async () => {
    await using world = await writableWorld();
    world.emulator.faults.add({ match: { method: "PATCH" }, effect: { kind: "status", status: 500 } });
    for (let failures = 0; failures < 5; failures += 1)
      expect(await inShort(world.connector.apply(updateOf(world.id), inTime))).toBe("doubt");
    expect(await inShort(world.connector.apply(updateOf(world.id), inTime))).toBe(
      "refused CIRCUIT_OPEN 30000",
    );
    expect(world.calls()).toBe(5);
  });

  it("is refused when it was cancelled before, and in doubt when under way", async () => {
    await using world = await writableWorld();
    const signal = AbortSignal.abort();
    expect(await inShort(world.connector.apply(createOf(), { ...inTime, signal }))).toBe(
      "refused CANCELLED 0",
    );
    expect(world.calls()).toBe(0);
    world.emulator.faults.add({ match: { method: "POST" }, effect: { kind: "hang", when: "after" } });
    const abort = new AbortController();
    const outcome = inShort(world.connector.apply(createOf(), { ...inTime, signal: abort.signal }));
    await expect.poll(() => world.titles().includes("New")).toBe(true);
    abort.abort();
    expect(await outcome).toBe("doubt");
  });

  it("is refused when what must be known beforehand cannot be read", async () => {
    await using world = await writableWorld();
    const fresh = connect(world.emulator, world.dataSourceId, writable);
    world.emulator.faults.add({ match: { method: "GET" }, effect: { kind: "status", status: 503 } });
    expect(await inShort(fresh.connector.apply(createOf(), inTime))).toBe("refused UPSTREAM_FAILED 0");
    expect(world.titles()).not.toContain("New");
  });
});

describe("what Notion refuses", () => {
  const trash = (id: string): RecordWrite => ({ kind: "trash", id, expected: { revision: "" } });
  const cases: readonly {
    name: string;
    act: (world: Awaited<ReturnType<typeof writableWorld>>) => void;
    write: (id: string) => RecordWrite;
    outcome: string;
  }[] = [
    {
      name: "an update in the trash",
      act: (world) => world.emulator.workspace.trashPage(world.id),
      write: updateOf,
      outcome: "refused RECORD_TRASHED null",
    },
    {
      name: "trashing once more",
      act: (world) => world.emulator.workspace.trashPage(world.id),
      write: trash,
      outcome: "refused RECORD_TRASHED null",
    },
    {
      name: "a new page in a database in the trash",
      act: (world) => world.emulator.workspace.trashDatabase(world.databaseId),
      write: createOf,
      outcome: "throws ACCESS_LOST",
    },
    {
      name: "a new page in a database that is no longer shared",
      act: (world) => world.emulator.workspace.unshare(world.databaseId),
      write: createOf,
      outcome: "throws ACCESS_LOST",
    },
    {
      name: "an update of a page that is no longer shared",
      act: (world) => world.emulator.workspace.unshare(world.id),
      write: updateOf,
      outcome: "refused RECORD_NOT_FOUND null",
    },
    {
      name: "an update of a page deleted for good",
      act: (world) => world.emulator.workspace.deletePage(world.id),
      write: updateOf,
      outcome: "refused RECORD_NOT_FOUND null",
    },
    {
      name: "any write when the token is revoked",
      act: (world) => world.emulator.workspace.revokeToken(world.emulator.token),
      write: updateOf,
      outcome: "throws ACCESS_LOST",
    },
  ];
  it.each(cases)("is $name", async ({ act, write, outcome }) => {
    await using world = await writableWorld();
    act(world);
    expect(await inShort(world.connector.apply(write(world.id), inTime))).toBe(outcome);
    expect(world.calls()).toBe(1);
  });

  it("names a full workspace instead of lost access, and a page that a value refers to instead of the record", async () => {
    const other = "11111111-2222-4333-8444-999999999999";
    const scripts: readonly {
      answer: Scripted;
      fields: RecordWrite & { kind: "update" | "restore" };
      outcome: string;
    }[] = [
      {
        answer: {
          status: 403,
          json: { code: "restricted_resource", additional_data: { block_limit: "block_creation" } },
        },
        fields: { ...update("p1"), fields: {} },
        outcome: "refused NOTION_FORBIDDEN null",
      },
      {
        answer: {
          status: 404,
          json: { code: "object_not_found", message: `Could not find page with ID: ${other}.` },
        },
        fields: { ...update("p1"), fields: { r: [other] } },
        outcome: "refused NOTION_NOT_FOUND null",
      },
      {
        answer: {
          status: 404,
          json: { code: "object_not_found", message: `Could not find page with ID: ${other}.` },
        },
        fields: { ...update(other), fields: { r: [] } },
        outcome: "refused RECORD_NOT_FOUND null",
      },
      { answer: { json: { object: "list", results: [] } }, fields: update("p1"), outcome: "doubt" },
      { answer: { json: page("p2") }, fields: update("p1"), outcome: "doubt" },
      { answer: { json: page("p1") }, fields: update("p1"), outcome: "applied" },
    ];
    for (const { answer, fields, outcome } of scripts) {
      await using server = await scriptedServer(({ url }) =>
        url.startsWith("/v1/users")
          ? { json: { object: "user", id: "bot" } }
          : url.startsWith("/v1/data")
            ? { json: dataSource }
            : answer,
      );
      const connector: NotionConnector = connect(
        { url: server.url, token: "ntn_dummy" },
        "ds",
        writable,
      ).connector;
      expect(await inShort(connector.apply(fields, inTime))).toBe(outcome);
    }
  });
});

const update = (id: string) => ({ kind: "update", id, fields: {}, expected: { revision: "" } }) as const;

const dataSource = {
  object: "data_source",
  id: "ds",
  title: [],
  properties: { Rel: { id: "r", name: "Rel", type: "relation", relation: {} } },
};

const page = (id: string) => ({
  object: "page",
  id,
  created_time: "2026-11-21T07:20:00.000Z",
  last_edited_time: "2026-11-21T07:20:00.000Z",
  created_by: { object: "user", id: "bot" },
  in_trash: false,
  parent: { type: "data_source_id", data_source_id: "ds" },
  properties: {},
});
