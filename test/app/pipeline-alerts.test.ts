import { describe, expect, it } from "vitest";
import { boardProperties as board } from "../../src/recipes/pipeline/board.ts";
import { startChat } from "./chat.ts";
import { PipelineWorld, quiet, secret, textOf, until } from "./pipeline-world.ts";

describe("a pipeline in trouble", () => {
  it("is held while Notion refuses the connection, says so once, and says when it is over", async () => {
    await using chat = await startChat();
    await using world = await PipelineWorld.open({ secrets: { alertUrl: chat.url } });
    const lockstep = await world.running();
    const page = world.addEntry(world.status("Queued"));
    await using followed = world.follow(lockstep);
    await quiet();
    world.emulator.faults.add({
      match: { path: "^/v1/" },
      effect: { kind: "status", status: 401, code: "unauthorized" },
    });
    world.emulator.calls.reset();
    for (let minute = 0; minute < 10; minute += 1) {
      world.clock.advance(60_000);
      await quiet();
    }
    expect(followed.named("pipeline.alert")).toMatchObject([
      { cause: "access:pipeline", severity: "critical" },
    ]);
    expect(world.emulator.calls.total, "a request now and then").toBeLessThan(6);
    await until(() => chat.messages.length === 1);
    expect(chat.messages[0]).toMatchObject({
      text: expect.stringContaining("held until access is back"),
      status: "firing",
      severity: "critical",
    });
    expect(await world.row(page)).toBeNull();
    world.emulator.faults.clear();
    world.clock.advance(600_000);
    await until(() => followed.named("pipeline.recovered").length === 1);
    await until(() => chat.messages.length === 2);
    expect(chat.messages[1]).toMatchObject({ status: "resolved", cause: "access:pipeline" });
    expect(await world.row(page)).toMatchObject({ status: "pending" });
  });

  it("leaves a task alone whose page cannot be found, and deletes nothing", async () => {
    await using world = await PipelineWorld.open();
    const lockstep = await world.running();
    const page = world.addEntry();
    world.addEntry();
    await world.sync(lockstep);
    world.emulator.workspace.deletePage(page);
    await world.run("UPDATE tasks SET status = 'pending'");
    await world.sync(lockstep);
    expect(await world.row(page)).toMatchObject({ status: "pending", title: "Bees" });
    const { problems } = await lockstep.twoWay.questions({ limit: 10 });
    expect(problems).toMatchObject([{ leftId: page, problem: "RECORD_MISSING" }]);
  });

  it("goes on with the others when one record is refused", async () => {
    await using world = await PipelineWorld.open();
    const lockstep = await world.running();
    const [refused, other] = [world.addEntry(world.status("Draft")), world.addEntry()];
    await world.sync(lockstep);
    const path = `^/v1/pages/${refused}`;
    world.emulator.faults.add({
      match: { method: "PATCH", path },
      effect: { kind: "status", status: 400, code: "validation_error" },
    });
    world.emulator.calls.reset();
    await world.run("UPDATE tasks SET status = 'processing'");
    await world.sync(lockstep);
    expect([refused, other].map((page) => world.page(page).Status)).toEqual(["Draft", "Processing"]);
    const { problems } = await lockstep.twoWay.questions({ limit: 10 });
    expect(problems).toMatchObject([{ leftId: refused, problem: expect.stringContaining("NOTION_REFUSED") }]);
    expect(world.emulator.calls.recent.filter(({ status }) => status === 400)).toHaveLength(1);
  });

  it("gets over what passes by itself", async () => {
    await using world = await PipelineWorld.open();
    const lockstep = await world.running();
    const page = world.addEntry();
    await world.sync(lockstep);
    for (const status of [503, 429])
      world.emulator.faults.add({
        match: { times: 1 },
        effect: { kind: "status", status, code: "service_unavailable" },
      });
    await world.run("UPDATE tasks SET status = 'processing'");
    await using followed = world.follow(lockstep);
    for (let minute = 0; minute < 8; minute += 1) {
      world.clock.advance(60_000);
      await quiet();
    }
    expect(world.page(page).Status).toBe("Processing");
    expect(followed.named("pipeline.alert")).toEqual([]);
  });

  it("notices that no webhook comes though the board changes, and polls more often until one does", async () => {
    await using world = await PipelineWorld.open({ section: { heartbeatSeconds: 300 } });
    const lockstep = await world.running({ webhookSecrets: [secret] });
    const page = world.addEntry();
    await world.sync(lockstep);
    await using followed = world.follow(lockstep);
    await world.tell(lockstep, page, { id: "e1" });
    await until(() => followed.runs.length === 1);
    const polls = () => followed.triggers().filter((trigger) => trigger.startsWith("poll")).length;
    for (let minute = 0; minute < 5; minute += 1) {
      world.clock.advance(60_000);
      await quiet();
    }
    expect(polls(), "webhooks work, so the heartbeat is enough").toBeLessThan(2);
    for (let round = 0; round < 3; round += 1) {
      world.edit(page, { [board.storyDirection]: textOf(`Round ${round}`) });
      for (let minute = 0; minute < 5; minute += 1) {
        world.clock.advance(60_000);
        await quiet();
      }
    }
    expect(followed.named("pipeline.alert")).toMatchObject([{ cause: "webhook:quiet" }]);
    const before = polls();
    for (let minute = 0; minute < 3; minute += 1) {
      world.clock.advance(61_000);
      await quiet();
    }
    expect(polls() - before).toBe(3);
    await world.tell(lockstep, page, { id: "e2" });
    expect(followed.named("pipeline.recovered")).toMatchObject([{ cause: "webhook:quiet" }]);
  });

  it("keeps the last good channels while a file has a mistake, and tells file and line", async () => {
    await using world = await PipelineWorld.open();
    const lockstep = await world.running();
    await using followed = world.follow(lockstep);
    await world.writeChannel("more.yaml", "id: more\nname: [1]\n");
    await until(() => followed.named("pipeline.alert").length === 1);
    expect(followed.named("pipeline.alert")[0]?.text).toContain("more.yaml:2: name:");
    const page = world.addEntry(world.status("Queued"));
    await world.sync(lockstep);
    expect(await world.row(page)).toMatchObject({ status: "pending", channel_id: "news" });
    await world.writeChannel("more.yaml", "id: more\nname: More\n");
    await until(() => followed.named("pipeline.recovered").length === 1);
    const other = world.addEntry({
      [board.channel]: { select: { name: "More" } },
      ...world.status("Queued"),
    });
    await world.sync(lockstep);
    expect(await world.row(other)).toMatchObject({ status: "pending", channel_id: "more" });
  });

  it("does not start on channels with a mistake", async () => {
    await using world = await PipelineWorld.open();
    await world.init();
    await world.writeChannel("news.yaml", "id: news\nname: [");
    await expect(world.lockstep()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("news.yaml:2:"),
    });
  });
});
