import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../src/connector/connector.ts";
import { MINUTE, NOW, notionWorld, pullAll, titled, titleOf, type World } from "./notion-world.ts";

/** Rows made `perMinute` at a time, the newest an hour ago. */
function addRows(
  world: World,
  count: number,
  perMinute = 10,
  title = (index: number) => `Row ${index}`,
): string[] {
  const minutes = Math.ceil(count / perMinute);
  return world.emulator.workspace.addRows(world.dataSourceId, count, (index) => {
    const at = NOW - 60 * MINUTE - (minutes - Math.floor(index / perMinute)) * MINUTE;
    return { properties: titled(title(index)), createdAt: at, editedAt: at };
  });
}

const sorted = (ids: readonly string[]) => [...ids].sort();

describe("pull full", () => {
  it("lists every row once, a hundred to a call", async () => {
    await using world = await notionWorld();
    const ids = addRows(world, 250);
    const { ids: listed, end, batches } = await pullAll(world.connector, { mode: "full" });
    expect(sorted(listed)).toEqual(sorted(ids));
    expect(batches.map((batch) => batch.records.length)).toEqual([100, 100, 50]);
    expect(world.callsSince()).toBe(3);
    expect(end).toMatchObject({
      isComplete: true,
      reason: null,
      accessProof: expect.stringContaining("was listed"),
    });
  });

  it("ends with a watermark that stays 125 s behind Notion's clock, and a witness", async () => {
    await using world = await notionWorld();
    const ids = addRows(world, 3);
    const { end } = await pullAll(world.connector, { mode: "full" });
    expect(end.checkpoint).toEqual({
      kind: "changes",
      watermark: Date.parse("2026-11-21T09:58:00.000Z"),
      witness: { id: expect.any(String), editedAt: Date.parse("2026-11-21T08:59:00.000Z") },
    });
    expect(ids).toContain((end.checkpoint as { witness: { id: string } }).witness.id);
  });

  it("goes on where Notion's result limit ends a query", async () => {
    await using world = await notionWorld({ queryCap: 100 });
    const ids = addRows(world, 450, 7);
    const { ids: listed, end } = await pullAll(world.connector, { mode: "full" });
    expect(sorted(listed)).toEqual(sorted(ids));
    expect(end.isComplete).toBe(true);
    expect(end.windows.filter((window) => window.isCapped).length).toBeGreaterThanOrEqual(4);
    expect(end.windows.at(-1)?.isCapped).toBe(false);
  });

  it.each([
    {
      by: "unique ids",
      properties: { Name: { title: {} }, No: { unique_id: { prefix: "T" } } },
      title: () => "same",
    },
    { by: "titles", properties: { Name: { title: {} } }, title: (index: number) => `Row ${index}` },
    {
      by: "titles, some of them empty",
      properties: { Name: { title: {} } },
      title: (index: number) => (index % 10 === 0 ? "" : `№ ${index}`),
    },
  ])("splits a minute that holds more rows than the limit by $by", async ({ properties, title }) => {
    await using world = await notionWorld({ queryCap: 100, properties });
    const before = addRows(world, 30, 10);
    const ids = world.emulator.workspace.addRows(world.dataSourceId, 730, (index) => ({
      properties: titled(title(index)),
      createdAt: NOW - 30 * MINUTE,
      editedAt: NOW - 30 * MINUTE,
    }));
    const after = world.emulator.workspace.addRows(world.dataSourceId, 20, () => ({
      createdAt: NOW,
      editedAt: NOW,
    }));
    const { ids: listed, end } = await pullAll(world.connector, { mode: "full" });
    expect(end).toMatchObject({ isComplete: true, reason: null });
    expect(sorted(listed)).toEqual(sorted([...before, ...ids, ...after]));
  });

  it.each([
    { by: "unique ids", properties: { Name: { title: {} }, No: { unique_id: { prefix: "T" } } } },
    { by: "titles", properties: { Name: { title: {} } } },
  ])("splits a minute by $by while Notion takes cursors back", async ({ properties }) => {
    await using world = await notionWorld({ queryCap: 250, properties });
    const ids = world.emulator.workspace.addRows(world.dataSourceId, 730, (index) => ({
      properties: titled(`Row ${index}`),
      createdAt: NOW - 30 * MINUTE,
      editedAt: NOW - 30 * MINUTE,
    }));
    let queries = 0;
    const { ids: listed, end } = await pullAll(world.connector, { mode: "full" }, () => {
      queries += 1;
      if (queries % 4 === 3) world.emulator.workspace.expireCursors();
    });
    expect(end).toMatchObject({ isComplete: true, reason: null });
    expect(sorted(listed)).toEqual(sorted(ids));
  });

  it("is incomplete, and says why, when nothing tells the rows of a minute apart", async () => {
    await using world = await notionWorld({ queryCap: 100 });
    addRows(world, 30, 10);
    world.emulator.workspace.addRows(world.dataSourceId, 130, () => ({
      properties: titled("same"),
      createdAt: NOW - 30 * MINUTE,
      editedAt: NOW - 30 * MINUTE,
    }));
    const late = world.emulator.workspace.addRows(world.dataSourceId, 20, () => ({
      createdAt: NOW,
      editedAt: NOW,
    }));
    const { ids: listed, end, batches } = await pullAll(world.connector, { mode: "full" });
    expect(end).toMatchObject({
      isComplete: false,
      checkpoint: null,
      reason: expect.stringContaining("2026-11-21T09:30"),
    });
    expect(listed).toEqual(expect.arrayContaining(late));
    // Resuming must try that minute again.
    expect(batches.at(-1)?.resumeAt).toMatchObject({ from: Date.parse("2026-11-21T09:30:00.000Z") });
  });

  it("resumes after a kill at any batch, and keeps the first run's watermark", async () => {
    await using world = await notionWorld();
    const ids = addRows(world, 450, 7);
    for (const killedAfter of [0, 1, 2, 3, 4]) {
      let resumeAt: Checkpoint = null;
      const seen: string[] = [];
      const killed = pullAll(world.connector, { mode: "full" }, (batch, index) => {
        seen.push(...batch.records.map((record) => record.id));
        resumeAt = batch.resumeAt ?? null;
        if (index === killedAfter) throw new Error("killed");
      });
      await expect(killed).rejects.toThrow("killed");
      const began = world.now();
      world.advance(30 * MINUTE);
      const rest = await pullAll(world.connector, { mode: "full", checkpoint: resumeAt });
      expect(new Set([...seen, ...rest.ids])).toEqual(new Set(ids));
      expect(rest.ids.length).toBeLessThan(450 - killedAfter * 100 + 7);
      expect(rest.end.checkpoint).toMatchObject({
        watermark: Math.floor((began - 125_000) / MINUTE) * MINUTE,
      });
    }
  });

  it("keeps the first run's watermark through any number of kills", async () => {
    await using world = await notionWorld();
    addRows(world, 450, 7);
    let resumeAt: Checkpoint = null;
    for (let kills = 0; kills < 3; kills += 1) {
      const killed = pullAll(world.connector, { mode: "full", checkpoint: resumeAt }, (batch) => {
        resumeAt = batch.resumeAt ?? null;
        throw new Error("killed");
      });
      await expect(killed).rejects.toThrow("killed");
      world.advance(30 * MINUTE);
    }
    const { end } = await pullAll(world.connector, { mode: "full", checkpoint: resumeAt });
    expect(end.checkpoint).toMatchObject({ watermark: Date.parse("2026-11-21T09:58:00.000Z") });
  });

  it("asks for one page ahead and never more", async () => {
    await using world = await notionWorld();
    addRows(world, 500);
    await pullAll(world.connector, { mode: "full" }, async (_, index) => {
      expect(world.stats().calls).toBeLessThanOrEqual(index + 2);
      await expect.poll(() => world.stats().calls).toBe(Math.min(5, index + 2));
    });
  });

  it("starts again from the last minute when Notion takes its cursors back", async () => {
    await using world = await notionWorld();
    const ids = addRows(world, 450, 7);
    const { ids: listed, end } = await pullAll(world.connector, { mode: "full" }, (_, index) => {
      if (index === 1) world.emulator.workspace.expireCursors();
    });
    expect(end.isComplete).toBe(true);
    expect(sorted(listed)).toEqual(sorted(ids));
  });

  it("reads an empty data source as empty after asking twice", async () => {
    await using world = await notionWorld();
    const { ids, end } = await pullAll(world.connector, { mode: "full" });
    expect(ids).toEqual([]);
    expect(end).toMatchObject({
      isComplete: true,
      accessProof: "the data source was read, and is empty",
      checkpoint: { kind: "changes", witness: null },
    });
  });

  it("does not believe one empty answer", async () => {
    await using world = await notionWorld();
    addRows(world, 5);
    world.emulator.faults.add({ match: { path: "/query$", times: 1 }, effect: { kind: "empty_list" } });
    const { end } = await pullAll(world.connector, { mode: "full" });
    expect(end).toMatchObject({
      isComplete: false,
      checkpoint: null,
      reason: expect.stringContaining("should have listed"),
    });
  });

  it("fails with ACCESS_LOST when the database is unshared under way", async () => {
    await using world = await notionWorld();
    addRows(world, 450);
    const pulling = pullAll(world.connector, { mode: "full" }, (_, index) => {
      if (index === 1) world.emulator.workspace.unshare(world.databaseId);
    });
    await expect(pulling).rejects.toMatchObject({ code: "ACCESS_LOST" });
  });

  it("is cancelled between pages", async () => {
    await using world = await notionWorld();
    addRows(world, 450);
    const abort = new AbortController();
    const pulling = pullAll(world.connector, { mode: "full", signal: abort.signal }, () => abort.abort());
    await expect(pulling).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("pull sweep", () => {
  it("lists every live row and leaves the checkpoint as it was", async () => {
    await using world = await notionWorld({ queryCap: 100 });
    const ids = addRows(world, 250);
    world.emulator.workspace.trashPage(ids[7] ?? "");
    const checkpoint = { kind: "changes", watermark: NOW, witness: null };
    const { ids: listed, end, batches } = await pullAll(world.connector, { mode: "sweep", checkpoint });
    expect(sorted(listed)).toEqual(sorted(ids.filter((_, index) => index !== 7)));
    expect(end).toMatchObject({ isComplete: true });
    expect(end.checkpoint).toBe(checkpoint);
    expect(batches.every((batch) => batch.resumeAt === undefined)).toBe(true);
  });
});

describe("isSchemaChanged", () => {
  const edits: readonly { name: string; edit: (world: World) => void; changed: boolean }[] = [
    { name: "nothing", edit: () => {}, changed: false },
    {
      name: "a renamed column",
      edit: (w) => w.emulator.workspace.renameProperty(w.dataSourceId, "Notes", "Text"),
      changed: true,
    },
    {
      name: "a new column",
      edit: (w) => w.emulator.workspace.addProperty(w.dataSourceId, "Due", { date: {} }),
      changed: true,
    },
    {
      name: "a deleted column",
      edit: (w) => w.emulator.workspace.deleteProperty(w.dataSourceId, "Notes"),
      changed: true,
    },
    {
      name: "another type",
      edit: (w) => w.emulator.workspace.retypeProperty(w.dataSourceId, "Count", { rich_text: {} }),
      changed: true,
    },
  ];
  it.each(edits)("is $changed after $name, without a call", async ({ edit, changed }) => {
    await using world = await notionWorld();
    addRows(world, 3);
    const { fields } = await world.connector.describe();
    const first = await pullAll(world.connector, { mode: "full", knownFields: fields });
    expect(first.end.isSchemaChanged).toBe(false);
    edit(world);
    world.callsSince();
    const { end } = await pullAll(world.connector, {
      mode: "changes",
      checkpoint: first.end.checkpoint,
      knownFields: fields,
    });
    expect(end.isSchemaChanged).toBe(changed);
    expect(world.callsSince()).toBe(1);
  });
});

describe("rows", () => {
  it("carry their values as Notion has them now", async () => {
    await using world = await notionWorld();
    const [id = ""] = addRows(world, 1);
    world.emulator.workspace.editPage(id, { properties: titled("Renamed") });
    const { records } = await pullAll(world.connector, { mode: "full" });
    expect(titleOf(records[0])).toBe("Renamed");
  });
});
