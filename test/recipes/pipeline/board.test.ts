import { describe, expect, it } from "vitest";
import { createProvisionApi } from "../../../src/connectors/notion/provision/api.ts";
import { provision } from "../../../src/connectors/notion/provision/provision.ts";
import { startEmulator } from "../../../src/emulator/index.ts";
import { createBreaker } from "../../../src/http/breaker.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import { createPacer } from "../../../src/http/pacer.ts";
import { type BoardOptions, boardSpecs } from "../../../src/recipes/pipeline/board.ts";
import { linkKinds } from "../../../src/recipes/pipeline/links.ts";
import { statuses } from "../../../src/recipes/pipeline/statuses.ts";
import { virtualClock } from "../../http/virtual-clock.ts";

const NOW = Date.parse("2026-11-21T10:00:00Z");
const MINUTE = 60_000;
const channels = [
  { id: "news", name: "Daily News", isEnabled: true, file: "news.yaml" },
  { id: "high", name: "High Priority", isEnabled: true, file: "high.yaml" },
];

/** A workspace in which `init` has run once. */
async function openBoard(options: Partial<BoardOptions> = {}) {
  const emulator = await startEmulator({ ratePerMinute: null, clock: { now: () => NOW } });
  const clock = virtualClock();
  const http = createHttpClient({
    service: "Notion",
    baseUrl: emulator.url,
    headers: { authorization: `Bearer ${emulator.token}` },
    clock,
    random: () => 0.5,
    pacer: createPacer({ clock, ratePerMinute: 1_000_000 }),
    breaker: createBreaker({ clock, service: "Notion" }),
  });
  const api = createProvisionApi(http);
  const parentPageId = emulator.workspace.createPage({ properties: {} });
  const specs = boardSpecs({ statusType: "status", channels, links: linkKinds, ...options });
  const init = (specsNow = specs) =>
    provision(
      api,
      Object.fromEntries(
        Object.entries(specsNow).map(([key, spec]) => [key, { spec, place: { parentPageId }, known: null }]),
      ),
    );
  const made = await init();
  if (made.kind === "blocked") throw new Error(JSON.stringify(made.differences));
  const dataSourceId = made.databases.tasks?.dataSourceId ?? "";
  return { emulator, api, init, made, dataSourceId, [Symbol.asyncDispose]: () => emulator.close() };
}

describe.each(["status", "select"] as const)("the board with a %s property", (statusType) => {
  it("has all 26 statuses in order, with their colours", async () => {
    await using board = await openBoard({ statusType });
    const properties = await board.api.readProperties(board.dataSourceId);
    const status = properties.find(({ name }) => name === "Status");
    expect(status?.type).toBe(statusType);
    expect(status?.options.map(({ name, color }) => ({ name, color }))).toEqual(
      statuses.map(({ name, color }) => ({ name, color })),
    );
  });

  it("has every property, the related databases and every view, and a second init changes nothing", async () => {
    await using board = await openBoard({ statusType });
    const current = await board.api.readDatabase(board.dataSourceId);
    expect(Object.fromEntries(current.properties.map(({ name, type }) => [name, type]))).toEqual({
      Title: "title",
      Channel: "select",
      Topic: "rich_text",
      "Story Direction": "rich_text",
      Status: statusType,
      Priority: "select",
      "Status Since": "date",
      "Time in Status": "formula",
      Created: "created_time",
      Updated: "last_edited_time",
      Assets: "relation",
      Videos: "relation",
      Audio: "relation",
      "Lockstep ID": "rich_text",
    });
    expect(current.views.map(({ name, type }) => `${name} (${type})`)).toEqual([
      "Default view (table)",
      "Board by Status (board)",
      "All Errors (table)",
      "Ready for Review (table)",
      "High Priority (table)",
      "Channel: Daily News (table)",
      "Channel: High Priority (table)",
    ]);
    const assets = await board.api.readProperties(board.made.databases.assets?.dataSourceId ?? "");
    expect(assets.map(({ name }) => name)).toEqual(["Name", "URL", "Lockstep ID", "Task"]);
    expect(await board.init()).toMatchObject({ kind: "ready", writes: 0 });
  });
});

describe("the board", () => {
  it("has no relations to databases that nobody asked for", async () => {
    await using board = await openBoard({ links: [] });
    const properties = await board.api.readProperties(board.dataSourceId);
    expect(properties.filter(({ type }) => type === "relation")).toEqual([]);
    expect(Object.keys(board.made.databases)).toEqual(["tasks"]);
  });

  it("gets option and view of a channel that is added, and nothing else", async () => {
    await using board = await openBoard();
    const more = [...channels, { id: "new", name: "New One", isEnabled: true, file: "new.yaml" }];
    const specs = boardSpecs({ statusType: "status", channels: more, links: linkKinds });
    expect(await board.init(specs)).toMatchObject({ kind: "ready", writes: 2 });
    const { properties, views } = await board.api.readDatabase(board.dataSourceId);
    const options = properties.find(({ name }) => name === "Channel")?.options.map(({ name }) => name);
    expect(options).toEqual(["Daily News", "High Priority", "New One"]);
    expect(views.at(-1)?.name).toBe("Channel: New One");
  });

  it.each([
    [0, "0 min"],
    [59, "59 min"],
    [60, "1 h"],
    [47 * 60 + 59, "47 h"],
    [48 * 60, "2 d"],
    [10 * 24 * 60, "10 d"],
  ])("shows the time in a status: after %i minutes %j", async (minutes, shown) => {
    await using board = await openBoard();
    const { workspace } = board.emulator;
    const start = new Date(NOW - minutes * MINUTE).toISOString();
    const created = { createdAt: NOW - 20 * 24 * 60 * MINUTE, parent: { dataSourceId: board.dataSourceId } };
    workspace.createPage({ ...created, properties: { "Status Since": { date: { start } } } });
    const rows = workspace.rows(board.dataSourceId);
    expect(rows[0]?.properties["Time in Status"]).toEqual({ type: "string", string: shown });
  });

  it("shows the age of a page whose status was never pushed", async () => {
    await using board = await openBoard();
    const { workspace } = board.emulator;
    workspace.createPage({ createdAt: NOW - 5 * MINUTE, parent: { dataSourceId: board.dataSourceId } });
    const rows = workspace.rows(board.dataSourceId);
    expect(rows[0]?.properties["Time in Status"]).toEqual({ type: "string", string: "5 min" });
  });

  it("fills both sides of the relation when a page of an asset names its task", async () => {
    await using board = await openBoard();
    const { workspace } = board.emulator;
    const task = workspace.createPage({ parent: { dataSourceId: board.dataSourceId } });
    const assets = board.made.databases.assets?.dataSourceId ?? "";
    const asset = workspace.createPage({ parent: { dataSourceId: assets } });
    workspace.editPage(asset, { properties: { Task: { relation: [{ id: task }] } } });
    const [row] = workspace.rows(board.dataSourceId);
    expect(row?.properties.Assets).toEqual([{ id: asset }]);
  });
});
