import { describe, expect, it } from "vitest";
import { runPass } from "../../../src/engine/two-way/pass.ts";
import { inboxEvent } from "../../../src/store/suite/pairs-case.ts";
import { createPairWorld, passOptions, textRule } from "./world.ts";

describe("a pass over two sides", () => {
  it("copies new records both ways, once", async () => {
    const world = createPairWorld();
    world.left.add("from the left");
    world.right.add("from the right");
    const run = await world.run();
    expect(run).toMatchObject({ status: "succeeded", errors: [], counts: { created: 2 } });
    expect(await world.titles("left")).toEqual(["from the left", "from the right"]);
    expect(await world.titles("right")).toEqual(["from the left", "from the right"]);
    world.clock.advance(120_000);
    const again = await world.run();
    expect(again.counts).toMatchObject({ created: 0, updated: 0 });
    expect([world.left.writes(), world.right.writes()]).toEqual([1, 1]);
  });

  it("carries an edit to the other side and takes its own echo for nothing", async () => {
    const world = createPairWorld();
    const id = world.left.add("first");
    await world.run();
    world.clock.advance(120_000);
    world.left.edit(id, "second");
    await world.run();
    expect(await world.titles("right")).toEqual(["second"]);
    world.clock.advance(120_000);
    expect((await world.run()).counts).toMatchObject({ created: 0, updated: 0 });
    expect(world.left.writes()).toBe(0);
  });

  it("leaves somebody in peace who sets a value back again and again", async () => {
    const world = createPairWorld({ rules: [textRule("title", { owner: "left" })] });
    world.left.add("ours");
    await world.run();
    for (let round = 0; round < 3; round += 1) {
      world.clock.advance(61_000);
      world.right.edit("record-1", "theirs");
      await world.run();
    }
    expect(await world.titles("right")).toEqual(["theirs"]);
    const [link] = await world.store.pairs.findLinks("pair", "right", ["record-1"]);
    expect(link?.problem).toMatch(/^OSCILLATION: title/);
  });

  it("carries over the word of the side that decides a field as often as it changes", async () => {
    const world = createPairWorld({ rules: [textRule("title", { owner: "left" })] });
    const id = world.left.add("failing");
    await world.run();
    for (let round = 0; round < 4; round += 1) {
      for (const word of ["passing", "failing"]) {
        world.clock.advance(61_000);
        world.left.edit(id, word);
        await world.run();
        expect(await world.titles("right")).toEqual([word]);
      }
    }
  });

  it("takes up all hints that wait, and reads a record once however many are about it", async () => {
    const world = createPairWorld();
    const page = world.left.add("first");
    await world.run();
    world.clock.advance(120_000);
    world.left.edit(page, "second");
    const events = Array.from({ length: 2_500 }, (_, n) => inboxEvent(`${n}`, { recordId: page }));
    await world.store.pairs.putInbox(events);
    let reads = 0;
    const { connector } = world.definition.sides.left;
    const counted = {
      ...connector,
      get: (...request: Parameters<typeof connector.get>) => {
        reads += 1;
        return connector.get(...request);
      },
    };
    const { left, right } = world.definition.sides;
    const definition = { ...world.definition, sides: { left: { ...left, connector: counted }, right } };
    const run = await runPass(world.deps, definition, passOptions({ polls: [] }));
    expect(run.certificate).toMatchObject({ hints: 2_500 });
    expect(await world.store.pairs.listInbox("pair", 1)).toEqual([]);
    expect(await world.titles("right")).toEqual(["second"]);
    expect(reads).toBe(1);
  });

  it("keeps both values of a field that both sides changed, and writes neither, until a person decides", async () => {
    const world = createPairWorld();
    const id = world.left.add("first");
    await world.run();
    world.clock.advance(120_000);
    world.left.edit(id, "left");
    world.right.edit("record-1", "right");
    const run = await world.run();
    expect(run.counts.conflicts).toBe(1);
    const [conflict] = await world.store.pairs.listConflicts({ limit: 10 });
    expect(conflict).toMatchObject({
      field: "title",
      base: "first",
      left: "left",
      right: "right",
      closedAt: null,
    });
    expect([await world.titles("left"), await world.titles("right")]).toEqual([["left"], ["right"]]);
    const now = world.clock.now();
    const settled = { winner: "right", by: "ada", at: new Date(now).toISOString(), now } as const;
    expect(await world.store.pairs.settleConflict({ id: conflict?.id ?? "", ...settled })).toBe(true);
    await world.run();
    expect(await world.titles("left")).toEqual(["right"]);
    const [closed] = await world.store.pairs.listConflicts({ limit: 10 });
    expect(closed?.closedAt).not.toBeNull();
  });

  it("deletes what is certified dead on the other side", async () => {
    const world = createPairWorld();
    const id = world.left.add("gone soon");
    await world.run();
    world.left.trash(id);
    world.clock.advance(86_400_000);
    const run = await world.run({ isFull: true });
    expect(run).toMatchObject({ status: "succeeded", counts: { deleted: 1 } });
    expect(await world.titles("right")).toEqual([]);
  });

  it("brings a deleted record back when the other side was edited meanwhile", async () => {
    const world = createPairWorld();
    const id = world.left.add("kept");
    await world.run();
    world.clock.advance(120_000);
    world.left.trash(id);
    world.right.edit("record-1", "kept and edited");
    await world.run({ isFull: true });
    expect(await world.titles("left")).toEqual(["kept and edited"]);
  });

  it.each(["before", "after"] as const)(
    "makes one record when the answer to a create is lost %s it took effect",
    async (when) => {
      const world = createPairWorld();
      world.right.add("new");
      world.left.loseAnswer(when);
      await world.run();
      for (let minute = 0; minute < 5; minute += 1) {
        world.clock.advance(60_000);
        await world.run();
      }
      expect(await world.titles("left")).toEqual(["new"]);
      expect(world.left.writes()).toBe(when === "before" ? 2 : 1);
    },
  );

  it("deletes the counterpart of a record that was thrown away before it was found, where its side finds it in the trash", async () => {
    const world = createPairWorld();
    world.right.add("new");
    world.left.loseAnswer("after");
    await world.run();
    expect(await world.titles("left")).toEqual(["new"]);
    world.left.trash("record-1");
    for (let minute = 0; minute < 5; minute += 1) {
      world.clock.advance(60_000);
      await world.run({ allowDeletes: 1 });
    }
    expect(await world.titles("left")).toEqual([]);
    expect(await world.titles("right")).toEqual([]);
    expect(world.left.writes()).toBe(1);
  });

  it("writes nothing before a person has accepted the first run", async () => {
    const world = createPairWorld();
    world.left.add("new");
    const run = await world.run({ isAccepted: false });
    expect(run).toMatchObject({ status: "refused" });
    expect(run.errors[0]?.message).toContain("--yes");
    expect(world.right.writes()).toBe(0);
  });

  it("stops deletions beyond the guard, and goes on only with a number", async () => {
    const world = createPairWorld();
    const ids = Array.from({ length: 30 }, (_, index) => world.left.add(`row ${index}`));
    await world.run();
    for (const id of ids.slice(0, 20)) world.left.trash(id);
    world.clock.advance(120_000);
    const refused = await world.run({ isFull: true });
    expect(refused).toMatchObject({ status: "refused", counts: { deleted: 0 } });
    expect((await world.titles("right")).length).toBe(30);
    const allowed = await world.run({ allowDeletes: 20 });
    expect(allowed).toMatchObject({ status: "succeeded", counts: { deleted: 20 } });
  });

  it("takes back a change to a field that the other side owns, and keeps it in history", async () => {
    const world = createPairWorld({ rules: [textRule("title", { owner: "left" }), textRule("note")] });
    world.left.add("mine");
    await world.run();
    world.right.edit("record-1", "drift");
    await world.run();
    expect(await world.titles("right")).toEqual(["mine"]);
    const [link] = await world.store.pairs.searchLinks("record-1", 10);
    const versions = await world.store.pairs.listVersions(link?.id ?? "", { after: 0, limit: 100 });
    expect(versions.some(({ origin, fields }) => origin === "superseded" && fields.title === "drift")).toBe(
      true,
    );
  });

  it("holds a field that was emptied nearly everywhere, and goes on when a person has approved it", async () => {
    const world = createPairWorld({ rules: [textRule("title", { policy: "left" }), textRule("note")] });
    const ids = Array.from({ length: 30 }, (_, index) => world.left.add(`row ${index}`));
    await world.run();
    world.clock.advance(120_000);
    for (const id of ids.slice(0, 20)) world.left.edit(id, "");
    for (let again = 0; again < 2; again += 1) {
      const refused = await world.run();
      expect(refused).toMatchObject({ status: "refused", counts: { updated: 0 } });
      expect((await world.titles("right")).filter((title) => title === "")).toEqual([]);
      world.clock.advance(60_000);
    }
    const holds = await world.store.pairs.listHolds({ isOpen: true, limit: 10 });
    expect(holds).toMatchObject([{ kind: "mass-clear", count: 20, decision: null }]);
    const at = new Date(world.clock.now()).toISOString();
    await world.store.pairs.decideHold({ id: holds[0]?.id ?? "", decision: "approved", by: "ada", at });
    expect(await world.run()).toMatchObject({ status: "succeeded", counts: { updated: 20 } });
    expect((await world.titles("right")).filter((title) => title === "").length).toBe(20);
    expect(await world.store.pairs.listHolds({ isOpen: true, limit: 10 })).toEqual([]);
  });

  it("leaves a side alone when everything changed at once on the other", async () => {
    const world = createPairWorld({ policy: {} });
    const ids = Array.from({ length: 30 }, (_, index) => world.left.add(`row ${index}`));
    await world.run();
    world.clock.advance(120_000);
    for (const id of ids) world.left.edit(id, `other ${id}`);
    expect(await world.run()).toMatchObject({ status: "refused", counts: { updated: 0 } });
    expect((await world.titles("right"))[0]).toBe("row 0");
  });

  it("gives records that others made their counterpart's id where that is wanted, once", async () => {
    const world = createPairWorld({ marksOthers: "right" });
    world.right.add("made by a program");
    await world.run();
    const observation = await world.right.connector.get("record-1");
    expect("record" in observation && observation.record.marker).toBe("record-1");
    world.clock.advance(120_000);
    await world.run();
    expect([world.left.writes(), world.right.writes()]).toEqual([1, 1]);
  });

  it("or with their next write, as long as a record of ours names them", async () => {
    const world = createPairWorld({ marksRight: "unnamed" });
    world.right.add("made by a program");
    await world.run();
    const markerOf = async () => {
      const observation = await world.right.connector.get("record-1");
      return "record" in observation ? observation.record.marker : undefined;
    };
    expect([await markerOf(), world.right.writes()]).toEqual([null, 0]);
    world.clock.advance(120_000);
    world.left.edit("record-1", "renamed by a person");
    await world.run();
    expect([await markerOf(), world.right.writes()]).toEqual(["record-1", 1]);
  });
});
