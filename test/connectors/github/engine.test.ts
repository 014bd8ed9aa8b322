import { afterEach, describe, expect, it } from "vitest";
import { createMemoryCollection, type MemoryCollection } from "../../../src/connector/memory.ts";
import { createGitHubConnector } from "../../../src/connectors/github/connector.ts";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import type { FieldRule } from "../../../src/core/two-way/mapping.ts";
import type { PairDefinition } from "../../../src/engine/two-way/definition.ts";
import { runPass } from "../../../src/engine/two-way/pass.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { type GitHubWorld, githubWorld, KEY, REPO } from "./world.ts";

const MINUTE = 60_000;

const structured = {
  read: (value: Json) =>
    isJsonObject(value) && typeof value.plain === "string" ? value.plain || null : undefined,
  write: (own: Json) => ({ plain: own === null ? "" : String(own), rich: null }),
};
const plain = {
  read: (value: Json) => (typeof value === "string" ? value || null : undefined),
  write: (own: Json) => (own === null ? "" : String(own)),
};

function rule(left: string, right: string): FieldRule {
  return {
    name: left,
    left,
    right,
    owner: "both",
    policy: "left",
    isWriteOnce: false,
    elements: null,
    forms: { left: structured, right: plain },
    toRight: (value) => ({ value }),
    toLeft: (value) => ({ value }),
  };
}

interface PairWorld extends GitHubWorld {
  readonly rows: MemoryCollection;
  /** All that was remembered is gone. */
  loseStore(): void;
  /** One pass of a process that was started for it. */
  pass(): Promise<void>;
  /** Titles and texts of what is alive, on either side. */
  left(): Promise<readonly string[]>;
  right(): readonly string[];
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const world of open.splice(0)) await world[Symbol.asyncDispose]();
});

/** A collection of rows and the issues of a repository, the real engine between them. */
async function pairWorld(): Promise<PairWorld> {
  const world = await githubWorld();
  open.push(world);
  const { clock } = world;
  let count = 0;
  const ids = { next: () => `id-${String(++count).padStart(6, "0")}`, random: () => 0.5 };
  let store = createMemoryStore({ ids });
  const rows = createMemoryCollection({ clock, hasPreconditions: true });
  const definitionOf = (): PairDefinition => {
    const meter = () => ({ calls: 0, retries: 0, waitingMs: 0 });
    const side = { sweepEveryMs: 86_400_000, meter };
    const client = world.clientFor(world.emulator.token);
    const connector = createGitHubConnector({ client, clock, repositories: [REPO], markerKeys: [KEY] });
    return {
      id: "pair",
      name: "pair",
      sides: {
        left: { ...side, connector: rows.connector, collectionId: "rows", label: "rows" },
        right: { ...side, connector, collectionId: REPO, label: "GitHub" },
      },
      bind: () => ({
        rules: [rule("title", "title"), rule("note", "body")],
        suspended: [],
        keyOf: null,
        isInScope: null,
        print: "1",
        binding: null,
        warnings: [],
      }),
      policy: {
        creates: { left: true, right: true },
        onDelete: "propagate",
        onDeleteEdit: "edit",
        tieBreak: "left",
      },
      guard: { deletesMax: 1_000, deleteShareMax: 1, clearShareMax: 1, changeShareMax: 1 },
      writesAtOnce: 2,
    };
  };
  const alive = async () => {
    const shown: string[] = [];
    const pulling = rows.connector.pull({
      mode: "sweep",
      checkpoint: null,
      memosOf: async () => new Map(),
      knownFields: null,
    });
    for await (const { records } of pulling)
      for (const { fields } of records)
        shown.push(`${structured.read(fields.title ?? null)} / ${structured.read(fields.note ?? null)}`);
    return shown.sort();
  };
  return {
    ...world,
    rows,
    loseStore() {
      store = createMemoryStore({ ids });
    },
    async pass() {
      const run = await runPass({ store, clock, ids, owner: "test", isDead: () => false }, definitionOf(), {
        trigger: "test",
        isFull: false,
        polls: ["left", "right"],
        allowDeletes: null,
        isAccepted: true,
        onProgress: () => {},
        signal: undefined,
      }).catch((error: unknown) => error);
      expect(run).not.toBeInstanceOf(TypeError);
    },
    left: alive,
    right: () =>
      world.emulator.people
        .issues(REPO)
        .filter(({ body }) => !/ trashed=/.test(body ?? ""))
        .map(
          ({ title, body }) => `${title} / ${(body ?? "").replace(/(\n\n)?<!-- lockstep:.*$/, "") || null}`,
        )
        .sort(),
  };
}

const callsOf = ({ emulator: { calls } }: GitHubWorld) => {
  const counted = calls.recent.map(({ method, path, status }) => {
    const isRead = method === "GET" || path === "/graphql";
    return isRead ? (status === 304 ? "free" : "read") : "write";
  });
  return Object.fromEntries(
    ["free", "read", "write"].map((kind) => [kind, counted.filter((each) => each === kind).length]),
  );
};

describe("a pair of rows and issues", () => {
  it("of 120: reads twice and makes 120, then asks once, then writes what changed", async () => {
    const world = await pairWorld();
    for (let index = 0; index < 120; index += 1) world.rows.add(`Row ${index}`);
    await world.pass();
    expect(world.right()).toEqual(await world.left());
    // The repository, its labels and milestones, the empty list, and who we are.
    expect(callsOf(world)).toEqual({ free: 0, read: 5, write: 120 });

    // All of them were made in one second: it takes a few looks until only news is asked for.
    for (let round = 0; round < 4; round += 1) {
      world.clock.advance(10 * MINUTE);
      world.emulator.calls.reset();
      await world.pass();
    }
    expect(callsOf(world)).toEqual({ free: 1, read: 0, write: 0 });

    world.emulator.calls.reset();
    for (let index = 1; index <= 5; index += 1) world.rows.edit(`record-${index}`, `Edited ${index}`);
    await world.pass();
    expect(world.right()).toEqual(await world.left());
    // The look for news, all five issues just before they are written, and who we are.
    expect(callsOf(world)).toEqual({ free: 1, read: 2, write: 5 });

    world.clock.advance(10 * MINUTE);
    world.emulator.calls.reset();
    for (let number = 10; number < 15; number += 1)
      world.emulator.people.editIssue(REPO, number, { title: `From GitHub ${number}` });
    await world.pass();
    expect(world.right()).toEqual(await world.left());
    expect(callsOf(world)).toEqual({ free: 0, read: 2, write: 0 });
  });

  it("that lost its store is put together again without making anything twice", async () => {
    const world = await pairWorld();
    for (let index = 0; index < 30; index += 1) world.rows.add(`Row ${index}`);
    world.emulator.people.addIssue(REPO, { title: "Of a person" });
    await world.pass();
    world.loseStore();
    world.rows.edit("record-3", "Edited meanwhile");
    world.emulator.people.editIssue(REPO, 9, { title: "Edited there" });
    world.clock.advance(10 * MINUTE);
    for (let round = 0; round < 3; round += 1) await world.pass();
    expect(world.emulator.people.issues(REPO).length).toBe(31);
    expect((await world.left()).length).toBe(31);
    expect(world.right()).toEqual(await world.left());
  });

  it.each(Array.from({ length: 6 }, (_, seed) => seed + 1))(
    "agrees after bad weather, with nothing twice (seed %i)",
    async (seed) => {
      const world = await pairWorld();
      const { people, faults } = world.emulator;
      const random = numbersFrom(seed);
      const pick = (count: number) => Math.floor(random() * count);
      const weather = [
        { match: { method: "POST" }, effect: { kind: "drop", when: "after" } },
        { match: { method: "POST" }, effect: { kind: "drop", when: "before" } },
        { match: { method: "PATCH" }, effect: { kind: "drop", when: "after" } },
        { match: { method: "PATCH" }, effect: { kind: "status", status: 502, isApplied: true } },
        { match: { method: "POST" }, effect: { kind: "status", status: 500, isApplied: true } },
        { match: {}, effect: { kind: "status", status: 502 } },
        {
          match: { method: "POST" },
          effect: {
            kind: "status",
            status: 403,
            message: "You have exceeded a secondary rate limit",
            retryAfter: 70,
          },
        },
        { match: { method: "GET" }, effect: { kind: "empty_list" } },
        { match: { path: "/issues/\\d+$" }, effect: { kind: "invalid_json" } },
      ] as const;
      let made = 0;
      const rowIds: string[] = [];
      for (let step = 0; step < 60; step += 1) {
        const numbers = people.issues(REPO).map(({ number }) => number);
        const number = numbers[pick(Math.max(1, numbers.length))];
        const row = rowIds[pick(Math.max(1, rowIds.length))];
        const what = pick(12);
        if (what <= 1) rowIds.push(world.rows.add(`Row ${++made}`));
        else if (what === 2)
          people.delayInLists(
            REPO,
            people.addIssue(REPO, { title: `Issue ${++made}`, body: "By a person" }),
            pick(50_000),
          );
        else if (what <= 4 && row !== undefined) world.rows.edit(row, `Edited in step ${step}`);
        else if (what <= 6 && number !== undefined)
          people.editIssue(REPO, number, { title: `Edited by a person in step ${step}` });
        else if (what === 7 && row !== undefined && pick(3) === 0) world.rows.trash(row);
        else if (what === 8 && number !== undefined && pick(3) === 0) people.deleteIssue(REPO, number);
        else if (what === 9) world.clock.advance([1_000, 30_000, 3 * MINUTE][pick(3)] ?? 0);
        else {
          const rule = weather[pick(weather.length)];
          if (rule !== undefined && pick(2) === 0)
            faults.add({ match: { ...rule.match, times: 1 + pick(2) }, effect: rule.effect });
          await world.pass();
        }
      }
      faults.clear();
      for (let round = 0; round < 12; round += 1) {
        world.clock.advance(round < 8 ? 3 * MINUTE : 7 * 3_600_000);
        await world.pass();
      }
      expect(world.right()).toEqual(await world.left());
      const markers = people
        .issues(REPO)
        .flatMap(({ body }) =>
          / trashed=/.test(body ?? "") ? [] : [/ id=(\S+) /.exec(body ?? "")?.[1] ?? []].flat(),
        );
      expect(new Set(markers).size).toBe(markers.length);
      world.emulator.calls.reset();
      const writes = world.rows.writes();
      world.clock.advance(3 * MINUTE);
      await world.pass();
      expect([callsOf(world).write, world.rows.writes() - writes]).toEqual([0, 0]);
    },
  );
});

/** mulberry32 */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
