import { describe, expect, it } from "vitest";
import { createNotionClient } from "../../../src/connectors/notion/client.ts";
import { createNotionConnector } from "../../../src/connectors/notion/connector.ts";
import { createProvisionApi } from "../../../src/connectors/notion/provision/api.ts";
import { provision } from "../../../src/connectors/notion/provision/provision.ts";
import { createSqlConnector } from "../../../src/connectors/sql/connector.ts";
import { isJsonObject } from "../../../src/core/json.ts";
import { bindRules } from "../../../src/core/two-way/bind.ts";
import { startEmulator } from "../../../src/emulator/index.ts";
import type { PairDefinition } from "../../../src/engine/two-way/definition.ts";
import { runPass } from "../../../src/engine/two-way/pass.ts";
import { createBreaker } from "../../../src/http/breaker.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import { createPacer } from "../../../src/http/pacer.ts";
import { boardProperties as board, boardSpecs, linkProperties } from "../../../src/recipes/pipeline/board.ts";
import type { Product } from "../../../src/recipes/pipeline/database.ts";
import { linkTables } from "../../../src/recipes/pipeline/links.ts";
import { priorityRule } from "../../../src/recipes/pipeline/priority-rule.ts";
import { statusRule } from "../../../src/recipes/pipeline/status-rule.ts";
import { STEP_FIELD, withStepField } from "../../../src/recipes/pipeline/step-field.ts";
import { linkTable, tasksTable } from "../../../src/recipes/pipeline/table.ts";
import { defaultMoves } from "../../../src/recipes/pipeline/transitions.ts";
import { refusalComment, validateEntry } from "../../../src/recipes/pipeline/validate.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { products, realClock, useTaskWorlds } from "./world.ts";

const taskWorld = useTaskWorlds();
const channels = [{ id: "news", name: "Daily News", isEnabled: true, file: "news.yaml" }];

/** A board and a table with the engine between them: every part is the real one. */
async function openDay(product: Product) {
  const world = await taskWorld(product);
  // Real time, moved on by hand between runs: a clock that jumps would outrun the requests.
  let ahead = 0;
  const clock = {
    now: () => realClock.now() + ahead,
    monotonic: () => realClock.monotonic() + ahead,
    sleep: realClock.sleep,
  };
  const emulator = await startEmulator({ ratePerMinute: null, clock: { now: () => clock.now() } });
  const http = createHttpClient({
    service: "Notion",
    baseUrl: emulator.url,
    headers: { authorization: `Bearer ${emulator.token}` },
    clock,
    random: () => 0.5,
    pacer: createPacer({ clock, ratePerMinute: 1_000_000 }),
    breaker: createBreaker({ clock, service: "Notion" }),
  });
  const parentPageId = emulator.workspace.createPage({ properties: {} });
  const specs = Object.entries(boardSpecs({ statusType: "status", channels, links: ["assets"] }));
  const place = { parentPageId };
  const targets = specs.map(([key, spec]) => [key, { spec, place, known: null }] as const);
  const made = await provision(createProvisionApi(http), Object.fromEntries(targets));
  if (made.kind === "blocked") throw new Error(JSON.stringify(made.differences));
  const sourceOf = (key: string) => made.databases[key]?.dataSourceId ?? "";
  const dataSourceId = sourceOf("tasks");
  let count = 0;
  const ids = {
    next() {
      count += 1;
      return `01890000-0000-7000-8000-${String(count).padStart(12, "0")}`;
    },
    random: () => 0.5,
  };
  const openTable = async (table: string, config: typeof tasksTable | typeof linkTable) => {
    const { key, markerColumn, columns } = config;
    const sql = createSqlConnector({
      config: { url: world.url, table, key, markerColumn, columns },
      clock,
      ids,
    });
    await sql.capture.install();
    return sql;
  };
  const openBoard = (key: string) =>
    createNotionConnector({
      client: createNotionClient({ http }),
      dataSourceId: sourceOf(key),
      markerProperty: board.externalId,
    });
  const tables = [
    await openTable(tasksTable.name, tasksTable),
    await openTable(linkTables.assets, linkTable),
  ] as const;
  const definitions = [
    definitionOf("tasks", { left: openBoard("tasks"), right: withStepField(tables[0]) }, bindTasks),
    definitionOf("assets", { left: openBoard("assets"), right: tables[1] }, bindAssets),
  ];
  const deps = { store: createMemoryStore({ ids }), clock, ids, owner: "test", isDead: () => false };
  return {
    ...world,
    emulator,
    /** More than a push interval later, every pair is read and brought to agree. Gives what was written. */
    async sync() {
      ahead += 5 * 60_000;
      await world.settle();
      let written = 0;
      for (const definition of definitions) {
        const run = await runPass(deps, definition, everything);
        expect(run.errors).toEqual([]);
        written += run.counts.created + run.counts.updated;
      }
      return written;
    },
    addEntry: (properties: object) =>
      emulator.workspace.createPage({ parent: { dataSourceId }, properties: entry(properties) }),
    setStatus: (id: string, name: string) =>
      emulator.workspace.editPage(id, { properties: { [board.status]: { status: { name } } } }),
    statusOn(id: string) {
      const row = emulator.workspace.rows(dataSourceId).find((each) => each.id === id);
      const status = row?.properties[board.status];
      return isJsonObject(status) ? status.name : status;
    },
    rows: (key: string) => emulator.workspace.rows(sourceOf(key)),
    async stand(pageId: string) {
      const [row] = await world.run("SELECT status, stage FROM tasks WHERE notion_page_id = $1", [pageId]);
      return row === undefined ? null : [row.status, row.stage];
    },
    async [Symbol.asyncDispose]() {
      for (const table of tables) await table[Symbol.asyncDispose]();
      await emulator.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

const text = (content: string) => [{ type: "text", text: { content } }];

function entry(more: object) {
  return {
    [board.title]: { title: text("Bees") },
    [board.topic]: { rich_text: text("How bees dance") },
    [board.channel]: { select: { name: "Daily News" } },
    ...more,
  };
}

const everything = {
  trigger: "test",
  isFull: false,
  polls: ["left", "right"],
  allowDeletes: null,
  isAccepted: true,
  onProgress: () => {},
  signal: undefined,
} as const;

type Connectors = Readonly<Record<"left" | "right", PairDefinition["sides"]["left"]["connector"]>>;

function definitionOf(id: string, connectors: Connectors, bind: PairDefinition["bind"]): PairDefinition {
  const side = (which: "left" | "right", label: string) => ({
    connector: connectors[which],
    collectionId: label,
    label,
    sweepEveryMs: 86_400_000,
    meter: () => ({ calls: 0, retries: 0, waitingMs: 0 }),
  });
  return {
    id,
    name: id,
    sides: { left: side("left", "Notion"), right: side("right", id) },
    bind,
    policy: {
      creates: { left: true, right: id === "tasks" },
      onDelete: "unlink",
      onDeleteEdit: "edit",
      tieBreak: "right",
    },
    guard: { deletesMax: 10, deleteShareMax: 0.1, clearShareMax: 1, changeShareMax: 1 },
    writesAtOnce: 4,
  };
}

const bindAssets: PairDefinition["bind"] = ({ left, right }) => ({
  ...bindRules(
    [
      { name: "Name", left: linkProperties.name, right: "name", owner: "right" },
      { name: "URL", left: linkProperties.url, right: "url", owner: "right" },
      { name: "Task", left: linkProperties.task, right: "task_pages", owner: "right", codec: "set" },
    ],
    {
      left: { label: "Notion", fields: left.fields, spelling: "structured" },
      right: { label: "assets", fields: right.fields, spelling: "plain" },
    },
    null,
  ),
  keyOf: null,
  isInScope: null,
});

const bindTasks: PairDefinition["bind"] = ({ left, right }) => {
  const bound = bindRules(
    [
      { name: "Title", left: board.title, right: "title", owner: "left" },
      { name: "Topic", left: board.topic, right: "topic", owner: "left" },
      { name: "Story Direction", left: board.storyDirection, right: "story_direction", owner: "left" },
      {
        name: "Channel",
        left: board.channel,
        right: "channel_id",
        owner: "left",
        map: { toRight: { "Daily News": "news" }, toLeft: { news: "Daily News" } },
      },
      { name: "Status Since", left: board.statusSince, right: "status_since", owner: "right" },
    ],
    {
      left: { label: "Notion", fields: left.fields, spelling: "structured" },
      right: { label: "tasks", fields: right.fields, spelling: "plain" },
    },
    null,
  );
  const field = (fields: typeof left.fields, name: string) => {
    const found = fields.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no field ${name}`);
    return found;
  };
  const { rule } = statusRule({
    name: "Status",
    left: { schema: field(left.fields, board.status), spelling: "structured" },
    right: { schema: field(right.fields, STEP_FIELD), spelling: "plain" },
    known: {},
    moves: defaultMoves,
    refuses(values) {
      const word = (name: string) => (typeof values[name] === "string" ? values[name] : null);
      const { problems } = validateEntry(
        {
          title: word("Title"),
          topic: word("Topic"),
          channel: word("Channel"),
          priority: word("Priority"),
          status: word("Status"),
        },
        channels,
      );
      return problems.length === 0 ? null : refusalComment(problems);
    },
  });
  const { rule: priority } = priorityRule({
    name: "Priority",
    left: { schema: field(left.fields, board.priority), spelling: "structured" },
    right: { schema: field(right.fields, "priority"), spelling: "plain" },
    known: {},
  });
  return { ...bound, rules: [...bound.rules, rule, priority], keyOf: null, isInScope: null };
};

describe.each(products)("board, engine, table and queue on %s", (product) => {
  it("carry an entry from Draft through work and review, and set nonsense back", async () => {
    await using day = await openDay(product);
    const page = day.addEntry({});
    await day.sync();
    expect([await day.stand(page), day.statusOn(page)]).toEqual([["draft", null], "Draft"]);
    day.setStatus(page, "Ready for Planning");
    await day.sync();
    expect([await day.stand(page), day.statusOn(page)]).toEqual([["draft", null], "Ready for Planning"]);
    day.setStatus(page, "Queued");
    await day.sync();
    expect(await day.stand(page)).toEqual(["pending", null]);
    const queue = day.queue();
    const job = await queue.claim({ worker: "w", leaseMs: 3_600_000 });
    if (job === null) throw new Error("nothing was queued");
    expect(job.task).toMatchObject({
      title: "Bees",
      topic: "How bees dance",
      channelId: "news",
      notionPageId: page,
    });
    await queue.step(job, { state: "processing", stage: "Audio Generating" });
    await day.sync();
    expect(day.statusOn(page)).toBe("Audio Generating");
    day.setStatus(page, "Upload Complete");
    await day.sync();
    expect([await day.stand(page), day.statusOn(page)]).toEqual([
      ["processing", "Audio Generating"],
      "Audio Generating",
    ]);
    await queue.complete(job, { state: "awaiting_review", stage: null });
    await day.sync();
    expect(day.statusOn(page)).toBe("Ready for Review");
    day.setStatus(page, "Review Approved");
    await day.sync();
    expect(await day.stand(page)).toEqual(["approved", null]);
    expect(await day.run("SELECT state FROM task_jobs")).toEqual([{ state: "done" }]);
    expect(await day.sync()).toBe(0);
  });

  it("put an incomplete entry back to Draft when somebody queues it, and never queue it", async () => {
    await using day = await openDay(product);
    const early = day.addEntry({
      [board.topic]: { rich_text: [] },
      [board.status]: { status: { name: "Queued" } },
    });
    const later = day.addEntry({ [board.channel]: { select: null } });
    await day.sync();
    day.setStatus(later, "Queued");
    await day.sync();
    await day.sync();
    for (const page of [early, later]) {
      expect([await day.stand(page), day.statusOn(page)]).toEqual([["draft", null], "Draft"]);
    }
    expect(await day.run("SELECT 1 FROM task_jobs")).toEqual([]);
  });

  it("let people choose the priority, which is never empty", async () => {
    await using day = await openDay(product);
    const page = day.addEntry({});
    const choose = (name: string | null) =>
      day.emulator.workspace.editPage(page, {
        properties: { [board.priority]: { select: name === null ? null : { name } } },
      });
    const shown = async () => {
      await day.sync();
      const value = day.rows("tasks")[0]?.properties[board.priority];
      const [row] = await day.run("SELECT priority FROM tasks");
      return [isJsonObject(value) ? value.name : value, row?.priority];
    };
    await day.sync();
    expect(await shown()).toEqual(["Normal", "normal"]);
    choose("High");
    expect(await shown()).toEqual(["High", "high"]);
    choose(null);
    expect(await shown()).toEqual(["High", "high"]);
    choose("Urgent");
    expect(await shown()).toEqual(["Urgent", "normal"]);
    expect(await day.sync()).toBe(0);
  });

  it("fill the relation of a task as its links appear", async () => {
    await using day = await openDay(product);
    const page = day.addEntry({ [board.status]: { status: { name: "Queued" } } });
    await day.sync();
    const queue = day.queue();
    const job = await queue.claim({ worker: "w", leaseMs: 3_600_000 });
    if (job === null) throw new Error("nothing was queued");
    await queue.addLink(job, { kind: "assets", url: "https://a.example/1", name: "One" });
    await day.sync();
    await queue.addLink(job, { kind: "assets", url: "https://a.example/2", name: "Two" });
    await day.sync();
    const assets = day
      .rows("assets")
      .map(({ id, properties }) => ({ id, url: properties[linkProperties.url] }));
    expect(assets.map(({ url }) => url).sort()).toEqual(["https://a.example/1", "https://a.example/2"]);
    const related = day.rows("tasks").find(({ id }) => id === page)?.properties.Assets;
    expect(related).toEqual(expect.arrayContaining(assets.map(({ id }) => ({ id }))));
    await day.sync();
    expect(await day.sync()).toBe(0);
  });
});
