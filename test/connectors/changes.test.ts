import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../src/connector/connector.ts";
import { MINUTE, NOW, notionWorld, pullAll, titled, titleOf, type World } from "./notion-world.ts";

/** A world with rows edited hours ago, read completely. */
async function readWorld(count: number, options: Parameters<typeof notionWorld>[0] = {}) {
  const world = await notionWorld(options);
  const ids = world.emulator.workspace.addRows(world.dataSourceId, count, (index) => {
    const at = NOW - 600 * MINUTE + index * MINUTE;
    return { properties: titled(`Row ${index}`), createdAt: at, editedAt: at };
  });
  const { end } = await pullAll(world.connector, { mode: "full" });
  world.callsSince();
  return { world, ids, checkpoint: end.checkpoint };
}

const edit = (world: World, id: string, title: string) =>
  world.emulator.workspace.editPage(id, { properties: titled(title) });

describe("pull changes", () => {
  it("asks once when nothing changed, at any distance in time", async () => {
    const { world, checkpoint } = await readWorld(300);
    await using _ = world;
    let last: Checkpoint = checkpoint;
    for (const minutes of [0, 1, 5, 600]) {
      world.advance(minutes * MINUTE);
      const { ids, end } = await pullAll(world.connector, { mode: "changes", checkpoint: last });
      expect(ids).toEqual([]);
      expect(end).toMatchObject({ isComplete: true, accessProof: expect.stringContaining("was listed") });
      expect(world.callsSince()).toBe(1);
      last = end.checkpoint;
    }
  });

  it.each([1, 99, 100, 101, 250, 300])(
    "lists %i changed rows in as few calls as there are pages",
    async (changed) => {
      const { world, ids, checkpoint } = await readWorld(300);
      await using _ = world;
      world.advance(10 * MINUTE);
      const edited = ids.slice(0, changed);
      for (const id of edited) edit(world, id, "Edited");
      const pulled = await pullAll(world.connector, { mode: "changes", checkpoint });
      expect([...pulled.ids].sort()).toEqual([...edited].sort());
      expect(world.callsSince()).toBeLessThanOrEqual(Math.ceil((changed + 1) / 100));
    },
  );

  it("sees the second of two edits in one minute", async () => {
    const { world, ids, checkpoint } = await readWorld(5);
    await using _ = world;
    world.advance(10 * MINUTE);
    edit(world, ids[2] ?? "", "First");
    const first = await pullAll(world.connector, { mode: "changes", checkpoint });
    edit(world, ids[2] ?? "", "Second");
    const second = await pullAll(world.connector, { mode: "changes", checkpoint: first.end.checkpoint });
    expect([titleOf(first.records[0]), titleOf(second.records[0])]).toEqual(["First", "Second"]);
    expect(second.records[0]?.revision).toBe(first.records[0]?.revision);
  });

  it("lists new rows", async () => {
    const { world, checkpoint } = await readWorld(5);
    await using _ = world;
    world.advance(10 * MINUTE);
    const [id] = world.emulator.workspace.addRows(world.dataSourceId, 1, () => ({
      properties: titled("New"),
    }));
    const { ids } = await pullAll(world.connector, { mode: "changes", checkpoint });
    expect(ids).toEqual([id]);
  });

  it.each(["live", "snapshot"] as const)(
    "loses no row to edits during a walk of many pages (%s cursors)",
    async (cursorStyle) => {
      const { world, ids, checkpoint } = await readWorld(450, { cursorStyle });
      await using _ = world;
      world.advance(10 * MINUTE);
      for (const [index, id] of ids.entries()) {
        world.emulator.workspace.editPage(id, {
          properties: titled("Edited"),
          at: world.now() - (index % 5) * MINUTE,
        });
      }
      let current = 0;
      const { ids: listed } = await pullAll(world.connector, { mode: "changes", checkpoint }, () => {
        for (const id of ids.slice(current, current + 30)) edit(world, id, "Edited again");
        current += 60;
      });
      expect(new Set(listed)).toEqual(new Set(ids));
    },
  );

  it.each([7, 100])("goes on below Notion's result limit of %i", async (queryCap) => {
    const { world, ids, checkpoint } = await readWorld(120, { queryCap: 100_000 });
    await using _ = world;
    await using capped = await notionWorld({ queryCap });
    const copies = capped.emulator.workspace.addRows(capped.dataSourceId, 120, (index) => ({
      properties: titled(`Row ${index}`),
      createdAt: NOW - 700 * MINUTE + index * MINUTE,
      editedAt: NOW + Math.floor(index / 3) * MINUTE,
    }));
    capped.advance(60 * MINUTE);
    const pulled = await pullAll(capped.connector, { mode: "changes", checkpoint });
    expect(ids.length).toBe(120);
    expect([...pulled.ids].sort()).toEqual([...copies].sort());
    expect(pulled.end.isComplete).toBe(true);
  });

  it("reads a minute in which more rows were edited than the limit by their time of creation", async () => {
    await using world = await notionWorld({ queryCap: 100 });
    const ids = world.emulator.workspace.addRows(world.dataSourceId, 330, (index) => ({
      properties: titled(`Row ${index}`),
      createdAt: NOW - 700 * MINUTE + index * MINUTE,
      editedAt: index < 310 ? NOW - 10 * MINUTE : NOW - (10 - (index % 5)) * MINUTE,
    }));
    world.emulator.workspace.addRows(world.dataSourceId, 500, () => ({
      createdAt: NOW - 900 * MINUTE,
      editedAt: NOW - 900 * MINUTE,
    }));
    const checkpoint = { kind: "changes", watermark: NOW - 60 * MINUTE, witness: null };
    const { ids: listed, end } = await pullAll(world.connector, { mode: "changes", checkpoint });
    expect(end).toMatchObject({ isComplete: true });
    // The rows that were not edited are not read.
    expect(end.windows.reduce((rows, window) => rows + window.rows, 0)).toBeLessThan(3 * 330);
    expect(new Set(listed)).toEqual(new Set(ids));
  });

  it("walks on from the last minute when Notion takes its cursors back", async () => {
    const { world, ids, checkpoint } = await readWorld(300);
    await using _ = world;
    world.advance(60 * MINUTE);
    for (const [index, id] of ids.entries()) {
      world.emulator.workspace.editPage(id, {
        properties: titled("Edited"),
        at: world.now() - (index % 9) * MINUTE,
      });
    }
    const { ids: listed, end } = await pullAll(
      world.connector,
      { mode: "changes", checkpoint },
      (_, index) => {
        if (index === 0) world.emulator.workspace.expireCursors();
      },
    );
    expect(end.isComplete).toBe(true);
    expect(new Set(listed)).toEqual(new Set(ids));
  });

  it("lists every row stamped in the watermark's own minute", async () => {
    await using world = await notionWorld();
    const ids = world.emulator.workspace.addRows(world.dataSourceId, 250, (index) => ({
      properties: titled(`Row ${index}`),
      createdAt: NOW - 60 * MINUTE,
      editedAt: NOW - 30 * MINUTE,
    }));
    const watermark = Math.floor((NOW - 30 * MINUTE) / MINUTE) * MINUTE;
    const checkpoint = { kind: "changes", watermark, witness: null };
    const { ids: listed } = await pullAll(world.connector, { mode: "changes", checkpoint });
    expect([...listed].sort()).toEqual([...ids].sort());
  });

  it.each(["full", "changes"] as const)("ends incomplete when %s never gets past a minute", async (mode) => {
    await using world = await notionWorld();
    world.emulator.workspace.addRows(world.dataSourceId, 150, () => ({ createdAt: NOW, editedAt: NOW }));
    const checkpoint =
      mode === "full" ? null : { kind: "changes", watermark: NOW - 60 * MINUTE, witness: null };
    // Every second query is the one with a cursor.
    const message = "The start_cursor provided is invalid.";
    world.emulator.faults.add({
      match: { path: "/query$", every: 2 },
      effect: { kind: "status", status: 400, code: "validation_error", message },
    });
    const { end } = await pullAll(world.connector, { mode, checkpoint });
    expect(end).toMatchObject({
      isComplete: false,
      reason: expect.stringContaining("took back its cursor 3 times"),
    });
    expect(end.checkpoint).toEqual(checkpoint);
  });

  it("never moves the watermark back", async () => {
    const { world } = await readWorld(5);
    await using _ = world;
    const watermark = NOW + 600 * MINUTE;
    const checkpoint = { kind: "changes", watermark, witness: { id: "x", editedAt: NOW - 600 * MINUTE } };
    const { end } = await pullAll(world.connector, { mode: "changes", checkpoint });
    expect(end.checkpoint).toMatchObject({ watermark });
  });

  it("reads everything when the checkpoint says nothing", async () => {
    const { world, ids } = await readWorld(5);
    await using _ = world;
    const pulled = await pullAll(world.connector, {
      mode: "changes",
      checkpoint: { written: "by somebody else" },
    });
    expect([...pulled.ids].sort()).toEqual([...ids].sort());
    expect(pulled.end.checkpoint).toMatchObject({ kind: "changes" });
  });
});

describe("an empty answer", () => {
  const newest = (world: World, ids: readonly string[]) => {
    world.advance(10 * MINUTE);
    return ids.at(-1) ?? "";
  };

  it("is not believed while the row known from before is in place", async () => {
    const { world, checkpoint } = await readWorld(5);
    await using _ = world;
    world.emulator.faults.add({ match: { path: "/query$" }, effect: { kind: "empty_list" } });
    const { end } = await pullAll(world.connector, { mode: "changes", checkpoint });
    expect(end).toMatchObject({
      isComplete: false,
      reason: expect.stringContaining("still in place"),
      accessProof: null,
    });
    expect(end.checkpoint).toEqual(checkpoint);
  });

  it("is not believed when the next answer contradicts it", async () => {
    const { world, checkpoint } = await readWorld(5);
    await using _ = world;
    world.emulator.faults.add({ match: { path: "/query$", times: 1 }, effect: { kind: "empty_list" } });
    const { end } = await pullAll(world.connector, { mode: "changes", checkpoint });
    expect(end).toMatchObject({ isComplete: false, reason: expect.stringContaining("should have listed") });
    expect(end.checkpoint).toEqual(checkpoint);
  });

  it("is not believed when the only row known from before cannot be read", async () => {
    const { world, ids, checkpoint } = await readWorld(1);
    await using _ = world;
    world.emulator.workspace.deletePage(newest(world, ids));
    const { end } = await pullAll(world.connector, { mode: "changes", checkpoint });
    expect(end).toMatchObject({ isComplete: false, reason: expect.stringContaining("cannot be read") });
    expect(end.checkpoint).toEqual(checkpoint);
  });

  it.each([
    { name: "trashed", act: (world: World, id: string) => world.emulator.workspace.trashPage(id) },
    { name: "archived", act: (world: World, id: string) => world.emulator.workspace.archivePage(id) },
    { name: "deleted for good", act: (world: World, id: string) => world.emulator.workspace.deletePage(id) },
  ])("is believed when the newest row was $name and an older one is listed", async ({ act }) => {
    const { world, ids, checkpoint } = await readWorld(5);
    await using _ = world;
    act(world, newest(world, ids));
    const { end } = await pullAll(world.connector, { mode: "changes", checkpoint });
    expect(end).toMatchObject({ isComplete: true, accessProof: `row ${ids[3]} was listed` });
    expect(end.checkpoint).toMatchObject({ witness: { id: ids[3] } });
    expect(world.callsSince()).toBe(2);
  });

  it("is believed when the only row is in the trash", async () => {
    const { world, ids, checkpoint } = await readWorld(1);
    await using _ = world;
    world.emulator.workspace.trashPage(newest(world, ids));
    const { end } = await pullAll(world.connector, { mode: "changes", checkpoint });
    expect(end).toMatchObject({
      isComplete: true,
      accessProof: expect.stringContaining("no longer in place"),
    });
    expect(end.checkpoint).toMatchObject({ witness: null });
  });

  it("is access lost when the database is no longer shared", async () => {
    const { world, checkpoint } = await readWorld(5);
    await using _ = world;
    world.emulator.workspace.unshare(world.databaseId);
    await expect(pullAll(world.connector, { mode: "changes", checkpoint })).rejects.toMatchObject({
      code: "ACCESS_LOST",
    });
  });
});

describe("a list that breaks off", () => {
  const emptied = (world: World, match: { nth?: number } = {}) =>
    world.emulator.faults.add({ match: { path: "/query$", ...match }, effect: { kind: "empty_list" } });
  const modes = ["full", "changes", "sweep"] as const;
  const checkpoint = { kind: "changes", watermark: NOW - 90 * MINUTE, witness: null };
  const add = (world: World, count: number, stampOf: (index: number) => number) =>
    world.emulator.workspace.addRows(world.dataSourceId, count, (index) => ({
      properties: titled(`Row ${index}`),
      createdAt: stampOf(index),
      editedAt: stampOf(index),
    }));

  it.each(modes)("is read on from the last minute (%s)", async (mode) => {
    await using world = await notionWorld();
    const ids = add(world, 350, (index) => NOW - 60 * MINUTE + Math.floor(index / 10) * MINUTE);
    emptied(world, { nth: 2 });
    const pulled = await pullAll(world.connector, { mode, checkpoint: mode === "full" ? null : checkpoint });
    expect(pulled.end).toMatchObject({ isComplete: true, reason: null });
    expect(new Set(pulled.ids)).toEqual(new Set(ids));
  });

  it.each(modes)("is incomplete while nothing comes after it (%s)", async (mode) => {
    await using world = await notionWorld();
    add(world, 350, (index) => NOW - 60 * MINUTE + Math.floor(index / 10) * MINUTE);
    const before = mode === "full" ? null : checkpoint;
    const { end } = await pullAll(world.connector, { mode, checkpoint: before }, () => emptied(world));
    expect(end).toMatchObject({ isComplete: false, reason: expect.stringContaining("and then nothing") });
    expect(end.checkpoint).toEqual(before);
  });

  /** A minute beyond the limit at the end of the walk, and whether there are rows behind it. */
  const saturated = async (mode: "full" | "changes", behind: number) => {
    const world = await notionWorld({ queryCap: 100 });
    const crowded = NOW - 30 * MINUTE;
    const next = mode === "full" ? crowded + MINUTE : crowded - MINUTE;
    const ids = [...add(world, 230, () => crowded), ...add(world, behind, () => next)];
    const pull = () => pullAll(world.connector, { mode, checkpoint: mode === "full" ? null : checkpoint });
    return { world, ids, pull };
  };

  it.each(["full", "changes"] as const)("ends with a crowded minute only when %s proves it", async (mode) => {
    const { world, ids, pull } = await saturated(mode, 0);
    await using _ = world;
    const { ids: listed, end } = await pull();
    expect(end).toMatchObject({ isComplete: true, reason: null });
    expect(new Set(listed)).toEqual(new Set(ids));
  });

  it.each(["full", "changes"] as const)(
    "does not end with a crowded minute by mistake (%s)",
    async (mode) => {
      const counted = await saturated(mode, 5);
      const whole = await counted.pull();
      expect(whole.end).toMatchObject({ isComplete: true, reason: null });
      const queries = counted.world.callsSince();
      await counted.world.emulator.close();
      const { world, pull } = await saturated(mode, 5);
      await using _ = world;
      emptied(world, { nth: queries });
      const { end } = await pull();
      expect(end).toMatchObject({ isComplete: false, reason: expect.stringContaining("and then nothing") });
    },
  );
});

describe("no edit is missed", () => {
  /** Small, seeded, and the same on every machine. */
  function randomOf(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("while people edit between and during polls (seed %i)", async (seed) => {
    const random = randomOf(seed);
    const { world, ids, checkpoint } = await readWorld(260, {
      queryCap: seed % 2 === 0 ? 120 : 10_000,
      randomSeed: seed,
    });
    await using _ = world;
    const mirror = new Map<string, string | undefined>();
    const full = await pullAll(world.connector, { mode: "full" });
    for (const record of full.records) mirror.set(record.id, titleOf(record));
    let edits = 0;
    const editSome = (most: number) => {
      for (let left = Math.floor(random() * most); left > 0; left -= 1) {
        edits += 1;
        const id = ids[Math.floor(random() * ids.length)] ?? "";
        edit(world, id, `Edit ${edits}`);
      }
    };
    let last: Checkpoint = checkpoint;
    const pollOnce = async (isBusy: boolean) => {
      const { end } = await pullAll(world.connector, { mode: "changes", checkpoint: last }, (batch) => {
        for (const record of batch.records) mirror.set(record.id, titleOf(record));
        if (isBusy) editSome(40);
      });
      expect(end.isComplete).toBe(true);
      last = end.checkpoint;
    };
    for (let round = 0; round < 12; round += 1) {
      world.advance(Math.floor(random() * 5 * MINUTE));
      editSome(round % 3 === 0 ? 300 : 20);
      await pollOnce(true);
    }
    await pollOnce(false);
    const truth = world.emulator.workspace.rows(world.dataSourceId).map((row) => {
      const name = row.properties.Name as { plain_text: string }[];
      return [row.id, name.map((item) => item.plain_text).join("")] as const;
    });
    expect(edits).toBeGreaterThan(200);
    expect(mirror).toEqual(new Map(truth));
  });
});
