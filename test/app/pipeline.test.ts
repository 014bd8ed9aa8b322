import { describe, expect, it } from "vitest";
import type { CallEntry } from "../../src/emulator/index.ts";
import { boardProperties as board } from "../../src/recipes/pipeline/board.ts";
import type { Product } from "../../src/recipes/pipeline/database.ts";
import { PipelineWorld, quiet, secret, textOf, titleOf, until } from "./pipeline-world.ts";

const products: readonly Product[] = ["sqlite", "postgres"];

const isRead = ({ method, path }: CallEntry) => method === "GET" || path.endsWith("/query");

describe.each(products)("setting up a pipeline on %s", (product) => {
  it("makes board, links, table and queue, and changes nothing when it is run again", async () => {
    await using world = await PipelineWorld.open({ product, links: { assets: true, videos: true } });
    const first = await world.init();
    expect(first).toMatchObject({ schema: { from: 0, to: 1 }, differences: [] });
    expect(first.writes).toBeGreaterThan(0);
    expect(Object.keys(first.links)).toEqual(["assets", "videos"]);
    world.emulator.calls.reset();
    expect(await world.init()).toEqual({ ...first, writes: 0, schema: { from: 1, to: 1 } });
    expect(world.emulator.calls.recent.filter((call) => !isRead(call))).toEqual([]);
    expect(await world.run("SELECT count(*) AS jobs FROM task_jobs")).toHaveLength(1);
    const lockstep = await world.lockstep();
    const findings = await lockstep.doctor();
    expect(findings.filter(({ state }) => state === "failed")).toEqual([]);
    expect(findings.map(({ check }) => check)).toContain("Video Pipeline: views");
  });
});

describe.each(products)("a pipeline on %s", (product) => {
  it("takes an entry from Draft through work and review, and sets nonsense back", async () => {
    await using world = await PipelineWorld.open({ product, links: { assets: true } });
    const lockstep = await world.running();
    const page = world.addEntry();
    await world.sync(lockstep);
    expect(await world.row(page)).toMatchObject({
      status: "draft",
      channel_id: "news",
      correlation_id: page,
    });
    world.edit(page, world.status("Queued"));
    await world.sync(lockstep);
    const queue = world.queue();
    const job = await queue.claim({ worker: "w", leaseMs: 3_600_000 });
    if (job === null) throw new Error("nothing was queued");
    expect(job).toMatchObject({ correlationId: page, task: { title: "Bees", notionPageId: page } });
    await queue.addLink(job, { kind: "assets", url: "https://a.example/1", name: "One" });
    await queue.step(job, { state: "processing", stage: "Audio Generating" });
    await world.sync(lockstep);
    expect(world.page(page).Status).toBe("Audio Generating");
    world.edit(page, world.status("Upload Complete"));
    await world.sync(lockstep);
    expect(world.page(page).Status).toBe("Audio Generating");
    await queue.complete(job, { state: "awaiting_review", stage: null });
    await world.sync(lockstep);
    world.edit(page, world.status("Review Approved"));
    await world.sync(lockstep);
    expect(await world.row(page)).toMatchObject({ status: "approved", stage: null });
    expect(world.page(page).Assets).toMatch(/[0-9a-f]{8}-/);
    expect(await world.run("SELECT state FROM task_jobs")).toEqual([{ state: "done" }]);
    await world.sync(lockstep);
    expect(await world.sync(lockstep)).toBe(0);
  });

  it("shows a task that a program makes on the board, and knows it by its own id", async () => {
    await using world = await PipelineWorld.open({ product });
    const lockstep = await world.running();
    await world.run(
      "INSERT INTO tasks (title, topic, channel_id, status) VALUES ('Wasps', 'Why wasps', 'news', 'pending')",
    );
    await world.sync(lockstep);
    const [row] = await world.run("SELECT * FROM tasks");
    expect(row).toMatchObject({ correlation_id: row?.id, notion_page_id: world.pages()[0]?.id });
    expect(world.page(String(row?.notion_page_id))).toMatchObject({
      Title: "Wasps",
      Topic: "Why wasps",
      Channel: "Daily News",
      Status: "Queued",
      Priority: "Normal",
      "Lockstep ID": row?.id,
    });
    expect(await world.run("SELECT state FROM task_jobs")).toEqual([{ state: "ready" }]);
    await world.sync(lockstep);
    expect(await world.sync(lockstep)).toBe(0);
  });
});

describe("following a pipeline", () => {
  it("pushes what changed in the table at its interval, and asks Notion nothing while nothing did", async () => {
    await using world = await PipelineWorld.open({ section: { pollSeconds: 3_600 } });
    const lockstep = await world.running();
    const page = world.addEntry();
    await world.sync(lockstep);
    await using followed = world.follow(lockstep);
    await quiet();
    world.emulator.calls.reset();
    for (let minute = 1; minute <= 3; minute += 1) {
      world.clock.advance(60_000);
      await until(() => followed.runs.length === minute);
    }
    expect(followed.triggers()).toEqual(["push succeeded", "push succeeded", "push succeeded"]);
    expect(world.emulator.calls.byRoute, "an idle push costs nothing").toEqual({});
    await world.run("UPDATE tasks SET status = 'processing', stage = 'Audio Generating'");
    world.clock.advance(60_000);
    await until(() => followed.runs.length === 4);
    expect(world.page(page).Status).toBe("Audio Generating");
    const methods = () => world.emulator.calls.recent.map(({ method }) => method);
    expect(methods(), "people may move a draft").toEqual(["GET", "PATCH"]);
    world.emulator.calls.reset();
    await world.run("UPDATE tasks SET stage = 'SFX Generating'");
    world.clock.advance(60_000);
    await until(() => world.page(page).Status === "SFX Generating");
    expect(methods(), "people may not move what is being worked on").toEqual(["PATCH"]);
  });

  it("takes a webhook's entry over, under one name in every line from webhook to push", async () => {
    await using world = await PipelineWorld.open();
    const lockstep = await world.running({ webhookSecrets: [secret] });
    await using followed = world.follow(lockstep);
    const page = world.addEntry(world.status("Queued"));
    expect(await world.tell(lockstep, page, { id: "e1", type: "page.created" })).toEqual({
      kind: "taken",
      events: 1,
    });
    await until(async () => (await world.row(page)) !== null && followed.runs.length > 0);
    expect(await world.row(page)).toMatchObject({ status: "pending", correlation_id: page });
    expect(await world.tell(lockstep, page, { id: "e1", type: "page.created" })).toEqual({
      kind: "taken",
      events: 0,
    });
    const queue = world.queue();
    const job = await queue.claim({ worker: "w", leaseMs: 3_600_000 });
    expect(job?.correlationId).toBe(page);
    world.clock.advance(61_000);
    await until(() => world.page(page).Status === "Processing");
    await until(() =>
      followed.events.some(
        ({ event, fields }) => event === "pipeline.written" && fields.status === "Processing",
      ),
    );
    const lines = followed.events.filter(({ fields }) => fields.correlation_id === page);
    expect(new Set(lines.map(({ event }) => event))).toEqual(
      new Set(["pipeline.webhook", "pipeline.seen", "pipeline.written"]),
    );
    expect(followed.events.every(({ fields }) => fields.correlation_id === page)).toBe(true);
    expect(await world.run("SELECT count(*) AS n FROM task_jobs")).toMatchObject([{ n: expect.anything() }]);
  });

  it("puts an invalid entry back, says why in the log and once on the page", async () => {
    await using world = await PipelineWorld.open({ section: { comments: true } });
    const lockstep = await world.running({ webhookSecrets: [secret] });
    const page = world.addEntry({ [board.topic]: textOf("") });
    await world.sync(lockstep);
    await using followed = world.follow(lockstep);
    for (const [index, id] of ["e1", "e2"].entries()) {
      world.clock.advance(120_000);
      world.edit(page, world.status("Queued"));
      await world.tell(lockstep, page, { id });
      await until(() => followed.named("pipeline.entry_refused").length === index + 1);
      await until(() => world.page(page).Status === "Draft");
    }
    expect(followed.named("pipeline.entry_refused")[0]).toMatchObject({
      page_id: page,
      correlation_id: page,
      title: "Bees",
      channel: "Daily News",
      field: "Topic",
      problem: "Topic is empty. Fill it in.",
      time: expect.stringMatching(/^2026-/),
      entry_remains_in_draft: true,
    });
    expect(await world.row(page)).toMatchObject({ status: "draft" });
    expect(await world.run("SELECT 1 FROM task_jobs")).toEqual([]);
    expect(world.emulator.calls.byRoute["POST /comments"]).toBe(1);
    const { pipeline } = await lockstep.status();
    expect(pipeline?.drafts).toMatchObject([
      { pageId: page, title: "Bees", problems: ["Topic is empty. Fill it in."] },
    ]);
  });

  it("keeps what people wrote, however the table changes it", async () => {
    await using world = await PipelineWorld.open();
    const lockstep = await world.running();
    const page = world.addEntry();
    await world.sync(lockstep);
    await world.run("UPDATE tasks SET title = 'Overwritten', topic = 'Other', status = 'pending'");
    await world.sync(lockstep);
    expect(world.page(page)).toMatchObject({ Title: "Bees", Topic: "How bees dance", Status: "Queued" });
    expect(await world.row(page)).toMatchObject({ title: "Bees", topic: "How bees dance" });
  });

  it("keeps a task under way, and tells at the page, when somebody empties its topic", async () => {
    await using world = await PipelineWorld.open({ section: { comments: true } });
    const lockstep = await world.running({ webhookSecrets: [secret] });
    const page = world.addEntry(world.status("Queued"));
    await world.sync(lockstep);
    await using followed = world.follow(lockstep);
    world.edit(page, { [board.topic]: textOf(""), [board.title]: titleOf("Bees again") });
    for (const id of ["e1", "e2"]) {
      world.clock.advance(120_000);
      await world.tell(lockstep, page, { id });
      await until(() => followed.runs.some(({ run }) => run.trigger === "webhook"));
      await quiet();
    }
    expect(await world.row(page)).toMatchObject({
      status: "pending",
      title: "Bees again",
      topic: "How bees dance",
    });
    expect(world.page(page)).toMatchObject({ Topic: "", Status: "Queued" });
    expect(followed.named("pipeline.value_waits")[0]).toMatchObject({ page_id: page, field: "Topic" });
    expect(world.emulator.calls.byRoute["POST /comments"], "once for each reason").toBe(1);
    const { problems } = await lockstep.twoWay.questions({ limit: 10 });
    expect(problems).toMatchObject([
      { leftId: page, problem: expect.stringContaining("Topic: it is empty") },
    ]);
    world.edit(page, { [board.topic]: textOf("Dances") });
    await world.sync(lockstep);
    expect(await world.row(page)).toMatchObject({ topic: "Dances" });
    expect((await lockstep.twoWay.questions({ limit: 10 })).problems).toEqual([]);
  });

  it("shows an entry without a status as the draft that it is", async () => {
    await using world = await PipelineWorld.open();
    const lockstep = await world.running();
    const page = world.addEntry();
    expect(world.page(page).Status).toBeNull();
    await world.sync(lockstep);
    expect([world.page(page).Status, (await world.row(page))?.status]).toEqual(["Draft", "draft"]);
    world.edit(page, { [board.status]: { select: null } });
    await world.sync(lockstep);
    expect(world.page(page).Status).toBe("Draft");
  });

  it.each(products)(
    "notes when a row last agreed with its page, which is no change, on %s",
    async (product) => {
      await using world = await PipelineWorld.open({ product });
      const lockstep = await world.running();
      const page = world.addEntry();
      await world.sync(lockstep);
      const synced = async () => {
        const row = await world.row(page);
        return new Date(String(row?.synced_at)).getTime();
      };
      const first = await synced();
      const before = await world.row(page);
      expect(first).toBe(world.clock.now());
      expect(await world.sync(lockstep), "nothing is to be done").toBe(0);
      expect(await world.row(page)).toEqual(before);
      await world.run("UPDATE tasks SET status = 'processing'");
      expect(await world.sync(lockstep)).toBe(1);
      expect(await synced()).toBeGreaterThan(first);
      expect(await world.sync(lockstep)).toBe(0);
    },
  );

  it("leaves a text that the column cannot hold on the board, and goes on with the rest", async () => {
    await using world = await PipelineWorld.open();
    const lockstep = await world.running();
    const page = world.addEntry();
    await world.sync(lockstep);
    world.edit(page, { [board.title]: titleOf("x".repeat(300)), [board.topic]: textOf("Shorter") });
    await world.sync(lockstep);
    expect(await world.row(page)).toMatchObject({ title: "Bees", topic: "Shorter" });
    world.edit(page, world.status("Queued"));
    await world.sync(lockstep);
    expect([await world.row(page), world.page(page).Status]).toMatchObject([{ status: "draft" }, "Draft"]);
  });
});
