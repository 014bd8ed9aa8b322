import { isJsonObject, type Json } from "../../src/core/json.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { Queries } from "./notion/query.ts";
import { Api } from "./notion/routes.ts";
import { Workspace } from "./notion/workspace.ts";

/** Notion's API, whoever plays it, and the people who work in it. */
export interface NotionSide extends AsyncDisposable {
  readonly dataSourceId: string;
  ask(method: string, path: string, body?: Json): Promise<{ readonly status: number; readonly body: Json }>;
  advance(ms: number): void;
  trash(id: string): void;
  restore(id: string): void;
  archive(id: string): void;
  rename(property: string, name: string): void;
}

const NOW = Date.parse("2026-11-21T10:00:20.000Z");
const CAP = 60;

/** The stand-in that simulations run on. */
export async function openInProcess(): Promise<NotionSide> {
  let now = NOW;
  const workspace = new Workspace({
    now: () => now,
    indexLagMs: () => 0,
    onChange: () => {},
    properties: [
      { name: "Name", type: "title" },
      { name: "Note", type: "rich_text" },
      { name: "Count", type: "number" },
      { name: "Stage", type: "select", options: ["Todo", "Doing"] },
      { name: "Tags", type: "multi_select" },
      { name: "Refs", type: "relation" },
      { name: "Done", type: "checkbox" },
      { name: "Day", type: "date" },
      { name: "Link", type: "url" },
      { name: "Lockstep ID", type: "rich_text" },
    ],
  });
  const queries = new Queries(workspace, { cursorStyle: "session", cap: CAP, pageSizeMax: 100 });
  const api = new Api(workspace, queries, {
    canSee: () => true,
    canSeeDataSource: () => true,
    listsNothing: () => false,
  });
  const person = "person";
  return {
    dataSourceId: workspace.dataSourceId,
    async ask(method, path, body = {}) {
      const url = new URL(path, "http://notion");
      const request = {
        method,
        path: url.pathname,
        query: url.searchParams,
        body: isJsonObject(body) ? body : {},
      };
      const { status, text } = api.answer(request);
      return { status, body: JSON.parse(text) };
    },
    advance: (ms) => {
      now += ms;
    },
    trash: (id) => void workspace.change(id, { inTrash: true }, person),
    restore: (id) => void workspace.change(id, { inTrash: false }, person),
    archive: (id) => void workspace.change(id, { isArchived: true }, person),
    rename: (property, name) => workspace.reshape(workspace.property(property)?.id ?? "", { name }),
    async [Symbol.asyncDispose]() {},
  };
}

/** The emulator, which is held to recordings of the real one. */
export async function openEmulator(): Promise<NotionSide> {
  let now = NOW;
  const emulator = await startEmulator({ ratePerMinute: null, clock: { now: () => now }, queryCap: CAP });
  const { workspace } = emulator;
  const text = { rich_text: {} };
  const { dataSourceIds } = workspace.createDatabase({
    title: "Tasks",
    dataSources: [
      {
        name: "Tasks",
        properties: {
          Name: { title: {} },
          Note: text,
          Count: { number: {} },
          Stage: { select: { options: [{ name: "Todo" }, { name: "Doing" }] } },
          Tags: { multi_select: { options: [] } },
        },
      },
    ],
  });
  const dataSourceId = dataSourceIds[0] ?? "";
  workspace.addProperty(dataSourceId, "Refs", {
    relation: { data_source_id: dataSourceId, single_property: {} },
  });
  workspace.addProperty(dataSourceId, "Done", { checkbox: {} });
  workspace.addProperty(dataSourceId, "Day", { date: {} });
  workspace.addProperty(dataSourceId, "Link", { url: {} });
  workspace.addProperty(dataSourceId, "Lockstep ID", text);
  const headers = {
    authorization: `Bearer ${emulator.token}`,
    "notion-version": "2026-03-11",
    "content-type": "application/json",
  };
  return {
    dataSourceId,
    async ask(method, path, body) {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(emulator.url + path, { method, headers, ...sent });
      return { status: response.status, body: JSON.parse(await response.text()) };
    },
    advance: (ms) => {
      now += ms;
    },
    trash: (id) => workspace.trashPage(id),
    restore: (id) => workspace.restorePage(id),
    archive: (id) => workspace.archivePage(id),
    rename: (property, name) => workspace.renameProperty(dataSourceId, property, name),
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}
