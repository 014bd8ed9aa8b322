import { describe, expect, it } from "vitest";
import type { Lockstep } from "../../src/app/lockstep.ts";
import type { PairPlanReport } from "../../src/app/two-way.ts";
import { TableWorld, textOf, titleOf } from "./table-world.ts";

async function planOf(lockstep: Lockstep): Promise<PairPlanReport> {
  const [plan] = await lockstep.plan([], {});
  if (plan?.type !== "two-way") throw new Error("expected the plan of a two-way sync");
  return plan;
}

describe("the first run of a table sync", () => {
  it("is planned, accepted and carried out, matching what is there already", async () => {
    await using world = await TableWorld.open();
    world.addPage("Ada", "ada@example.com", { Age: { number: 36 } });
    world.addPage("Grace", "grace@example.com");
    world.addRow("Ada", "ada@example.com");
    world.addRow("Linus", "linus@example.com");
    const lockstep = await world.lockstep();

    const early = await world.run(lockstep);
    expect(early.run).toMatchObject({ status: "failed", errors: [{ code: "SCHEMA_DRIFT" }] });
    expect(early.run.errors[0]?.message).toContain("lockstep table install people");

    const shown = await lockstep.twoWay.showCapture("people", "install");
    expect(shown).toMatchObject({ property: { name: "Lockstep ID", isThere: false } });
    expect(shown.sql).toContain("CREATE TRIGGER");
    expect((await lockstep.twoWay.install("people")).property.isThere).toBe(false);
    expect((await lockstep.twoWay.install("people")).property.isThere, "again changes nothing").toBe(true);

    const refused = await world.run(lockstep);
    expect(refused.run).toMatchObject({ status: "refused", errors: [{ code: "GUARD_REFUSED" }] });

    const plan = await planOf(lockstep);
    expect(plan).toMatchObject({ mustBeAccepted: true, refusal: null, error: null, recordCount: 3 });
    expect(plan.counts).toMatchObject({ create: 2, update: 1, delete: 0, conflict: 0 });
    expect(
      plan.records.map(({ title, writes }) => [title, ...writes.map(({ side, kind }) => `${kind} ${side}`)]),
    ).toEqual(
      expect.arrayContaining([
        ["Ada", "update right"],
        ["Grace", "create right"],
        ["Linus", "create left"],
      ]),
    );
    const ada = plan.records.find(({ title }) => title === "Ada");
    expect(ada?.writes[0]?.fields).toEqual([{ field: "Age", from: null, to: 36 }]);
    expect(world.rows(), "a plan writes nothing").toHaveLength(2);

    const first = await world.run(lockstep, { isAccepted: true });
    expect(first).toMatchObject({
      run: { status: "succeeded" },
      open: { conflicts: 0, holds: 0, problems: 0 },
    });
    expect(world.pageNames()).toEqual(["Ada", "Grace", "Linus"]);
    expect(world.rows().map(({ name, age }) => [name, age])).toEqual([
      ["Ada", 36],
      ["Linus", null],
      ["Grace", null],
    ]);
    const after = await planOf(lockstep);
    expect(after, "planning right after a run yields nothing").toMatchObject({
      records: [],
      recordCount: 0,
      mustBeAccepted: false,
      unchanged: 3,
    });
  });

  it("can be kept from making records on a side", async () => {
    await using world = await TableWorld.open();
    world.addPage("Grace", "grace@example.com");
    world.addRow("Linus", "linus@example.com");
    await world.running({ creates: { notion: false } });
    expect(world.pageNames()).toEqual(["Grace"]);
    expect(world.rows().map(({ name }) => name)).toEqual(["Linus", "Grace"]);
  });
});

describe("conflicts", () => {
  async function inConflict(world: TableWorld) {
    const page = world.addPage("Ada", "ada@example.com", { Age: { number: 36 } });
    const lockstep = await world.running();
    world.clock.advance(180_000);
    world.editPage(page, { Age: { number: 37 } });
    world.crm.exec("UPDATE people SET age = 40");
    const report = await world.run(lockstep);
    return { lockstep, report, page };
  }

  it("show both values, the one before and who wrote it, and leave both sides alone", async () => {
    await using world = await TableWorld.open();
    const { lockstep, report } = await inConflict(world);
    expect(report).toMatchObject({ run: { status: "succeeded" }, open: { conflicts: 1 } });
    expect(world.rows()[0]?.age).toBe(40);
    const { conflicts } = await lockstep.twoWay.questions({ limit: 10 });
    expect(conflicts).toMatchObject([
      {
        sync: "people",
        sides: { left: "Notion", right: "people" },
        title: "Ada",
        field: "Age",
        base: 36,
        left: 37,
        right: 40,
        winner: null,
      },
    ]);
    expect(conflicts[0]?.leftActor).not.toBeNull();
    const plan = await planOf(lockstep);
    expect(plan.counts.conflict, "an open conflict is no news").toBe(0);
  });

  it.each([
    ["notion", 37],
    ["table", 40],
  ] as const)("are settled for the %s's value by the next run", async (take, age) => {
    await using world = await TableWorld.open();
    const { lockstep, page } = await inConflict(world);
    const [conflict] = (await lockstep.twoWay.questions({ limit: 10 })).conflicts;
    const id = conflict?.id ?? "";
    const settled = await lockstep.twoWay.settle({ id: id.slice(0, -2), take, by: "cli:ada" });
    expect(settled).toMatchObject({ id, settledBy: "cli:ada" });
    await expect(lockstep.twoWay.settle({ id, take, by: "cli:ada" })).rejects.toMatchObject({
      code: "RECORD_NOT_FOUND",
    });
    const report = await world.run(lockstep);
    expect(report.open?.conflicts).toBe(0);
    expect(world.rows()[0]?.age).toBe(age);
    const truth = world.emulator.workspace.rows(world.dataSourceId).find((row) => row.id === page);
    expect(truth?.properties.Age).toBe(age);
    const history = await lockstep.twoWay.history(page, 100);
    expect(history).toMatchObject({ title: "Ada", flaw: null, status: "live" });
    expect(history.versions.some(({ origin }) => origin === "superseded")).toBe(true);
    expect(
      (await lockstep.twoWay.history("ada", 1)).versions,
      "found by its title, newest only",
    ).toHaveLength(1);
  });

  it("say which ids there are not", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.running();
    const { twoWay } = lockstep;
    const asked = { take: "notion", by: "me" } as const;
    await expect(twoWay.settle({ id: "ffff", ...asked })).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
    await expect(twoWay.settle({ id: "", ...asked })).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
    await expect(twoWay.decide({ id: "ffff", decision: "approved", by: "me" })).rejects.toMatchObject({
      code: "RECORD_NOT_FOUND",
    });
    await expect(twoWay.history("nobody", 10)).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
    await expect(twoWay.questions({ sync: "nobody", limit: 1 })).rejects.toMatchObject({
      code: "SYNC_NOT_FOUND",
    });
  });
});

describe("what does not go through", () => {
  it("is listed with its reason, and stops nothing else", async () => {
    await using world = await TableWorld.open();
    const page = world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running();
    world.clock.advance(180_000);
    world.editPage(page, { Age: { number: 200 } });
    world.crm.exec("UPDATE people SET stage = 'Nonsense'");
    const report = await world.run(lockstep);
    expect(report).toMatchObject({ run: { status: "succeeded" }, open: { problems: 1 } });
    const { problems } = await lockstep.twoWay.questions({ limit: 10 });
    expect(problems).toMatchObject([{ sync: "people", title: "Ada", leftId: page, rightId: "1" }]);
    expect(problems[0]?.problem).toMatch(/SQL_CHECK|OPTION_UNKNOWN/);
    expect((await lockstep.status()).pairs).toMatchObject([{ totals: { problems: 1 } }]);
  });

  it("waits for a person when many records are deleted at once, and goes on with exactly those", async () => {
    await using world = await TableWorld.open();
    const pages = Array.from({ length: 14 }, (_, index) =>
      world.addPage(`P${index}`, `p${index}@example.com`),
    );
    const lockstep = await world.running({ onDelete: "propagate", table: softTable });
    expect(world.rows()).toHaveLength(14);
    world.clock.advance(180_000);
    for (const page of pages.slice(0, 12)) world.emulator.workspace.trashPage(page);
    const plan = await lockstep.plan([], { isFull: true });
    expect(plan).toMatchObject([
      { counts: { delete: 12 }, refusal: expect.stringContaining("--allow-deletes 12") },
    ]);
    const refused = await world.run(lockstep, { isFull: true });
    expect(refused).toMatchObject({ run: { status: "refused" }, open: { holds: 1 } });
    expect(live(world)).toBe(14);
    const [hold] = (await lockstep.twoWay.questions({ sync: "people", limit: 10 })).holds;
    expect(hold).toMatchObject({ kind: "mass-delete", count: 12, decision: null });
    const decided = await lockstep.twoWay.decide({ id: hold?.id ?? "", decision: "approved", by: "cli:ada" });
    expect(decided).toMatchObject({ decision: "approved", decidedBy: "cli:ada" });
    const carried = await world.run(lockstep);
    expect(carried).toMatchObject({
      run: { status: "succeeded", counts: { deleted: 12 } },
      open: { holds: 0 },
    });
    expect(live(world)).toBe(2);
  });
});

const softTable = {
  url: "sqlite:crm.db",
  name: "people",
  key: "id",
  markerColumn: "lockstep_id",
  hardDelete: true,
};

function live(world: TableWorld): number {
  return world.rows().length;
}

describe("drift", () => {
  it("does not matter when a property is renamed", async () => {
    await using world = await TableWorld.open();
    const page = world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running();
    world.clock.advance(180_000);
    world.emulator.workspace.renameProperty(world.dataSourceId, "Age", "Years");
    world.emulator.workspace.renameProperty(world.dataSourceId, "Lockstep ID", "Do not touch");
    world.editPage(page, { Years: { number: 37 } });
    world.addRow("Linus", "linus@example.com");
    const { run } = await world.run(lockstep);
    expect(run).toMatchObject({ status: "succeeded" });
    expect(run.warnings.join()).toContain('"Age" is now called "Years"');
    expect(world.rows()[0]?.age).toBe(37);
    expect(world.pageNames()).toEqual(["Ada", "Linus"]);
  });

  it("lets a field rest while its property is gone, and takes it up when it is mapped anew", async () => {
    await using world = await TableWorld.open();
    const page = world.addPage("Ada", "ada@example.com", { Age: { number: 36 } });
    const lockstep = await world.running();
    world.clock.advance(180_000);
    world.emulator.workspace.deleteProperty(world.dataSourceId, "Age");
    world.editPage(page, { Name: titleOf("Ada Lovelace"), Email: textOf("ada@example.org") });
    const { run } = await world.run(lockstep);
    expect(run).toMatchObject({ status: "succeeded" });
    expect(run.warnings.join()).toMatch(/"Age" rests until this is mended: .*"Age" is gone/);
    expect(world.rows()).toMatchObject([{ name: "Ada Lovelace", email: "ada@example.org", age: 36 }]);
  });

  it("reads computed properties, which their side owns", async () => {
    await using world = await TableWorld.open();
    world.crm.exec("ALTER TABLE people ADD COLUMN edited TEXT");
    world.addPage("Ada", "ada@example.com");
    const fields = [
      { property: "Name", column: "name" },
      { property: "Edited", column: "edited" },
    ];
    await world.running({ fields, match: { property: "Name", column: "name" } });
    expect(world.crm.prepare("SELECT edited FROM people").get()).toMatchObject({
      edited: expect.stringMatching(/^2026-11-21T/),
    });
  });
});

describe("evidence of a two-way run", () => {
  it("is listed, shown and verified like any other", async () => {
    await using world = await TableWorld.open();
    world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running();
    const [report] = await lockstep.runs({ sync: "people", limit: 1 });
    expect(report).toMatchObject({ sync: "people", run: { type: "two-way", source: "Notion and people" } });
    const id = report?.run.id ?? "";
    expect(await lockstep.verifyRun(id, {})).toMatchObject({ ok: true, sync: "people" });
    expect((await lockstep.status()).pairs).toMatchObject([
      { sync: "people", isAccepted: true, isRunning: false, pollSeconds: 60, totals: { live: 1 } },
    ]);
  });

  it("is left also by a run that could not begin", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.lockstep({ notion: { database: "f".repeat(32) } });
    const [report] = await lockstep.sync([], { trigger: "test" });
    expect(report).toMatchObject({ sync: "people", run: { type: "two-way", status: "failed" } });
    expect(await lockstep.runs({ sync: "people", limit: 5 })).toHaveLength(1);
    expect(await lockstep.plan([], {})).toMatchObject([{ error: { code: "NOTION_NOT_FOUND" } }]);
  });

  it("is not needed where a secret is missing: its name is the answer", async () => {
    await using world = await TableWorld.open();
    const table = { url: { env: "CRM_URL" }, name: "people", key: "id" };
    const lockstep = await world.lockstep({ table });
    await expect(lockstep.sync([], { trigger: "test" })).rejects.toMatchObject({
      code: "SECRET_MISSING",
      message: expect.stringContaining("CRM_URL"),
    });
  });
});

describe("doctor", () => {
  it("names what is missing, with the mend, and then that all is well", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.lockstep({}, { isReadOnly: true });
    const sick = await lockstep.doctor();
    const failed = sick.filter(({ state }) => state === "failed");
    expect(failed).toMatchObject([
      { sync: "people", check: "property", mend: "lockstep table install people" },
    ]);
    expect(sick.find(({ check, state }) => check === "table" && state === "warn")?.detail).toContain(
      "not installed",
    );
    await world.running();
    const well = await (await world.lockstep({}, { secrets: { webhookSecrets: ["dummy"] } })).doctor();
    expect(well.map(({ check, state }) => [check, state])).toEqual([
      ["store", "ok"],
      ["token", "ok"],
      ["clock", "ok"],
      ["sharing", "ok"],
      ["table", "ok"],
      ["property", "ok"],
      ["fields", "ok"],
      ["accepted", "ok"],
      ["webhook", "ok"],
    ]);
  });

  it("goes on when something is out of reach", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.lockstep(
      { table: { url: "sqlite:crm.db", name: "nobody", key: "id" } },
      { secrets: { notionToken: "ntn_dummy" } },
    );
    const findings = await lockstep.doctor();
    expect(findings.filter(({ state }) => state === "failed").map(({ check }) => check)).toEqual([
      "token",
      "sharing",
      "table",
    ]);
    for (const { mend } of findings.filter(({ state }) => state === "failed")) expect(mend).toBeTruthy();
  });

  it("tells a clock that is off", async () => {
    await using world = await TableWorld.open();
    const clock = { ...world.clock, now: () => world.clock.now() + 300_000 };
    const lockstep = await world.lockstep({}, { clock });
    expect((await lockstep.doctor()).find(({ check }) => check === "clock")).toMatchObject({ state: "warn" });
  });
});
