import { createMemoryCollection } from "../../src/connector/memory.ts";
import type { WritableWorld } from "../../src/connector/writing.suite.ts";
import { virtualClock } from "../http/virtual-clock.ts";
import { MINUTE, notionWorld, titled, titleOf } from "./notion-world.ts";

const text = (plain: string) => ({ plain, rich: null });
const texts = [text("First"), text("Second, with a comma\nand a line"), text("")] as const;

/** The reference connector, over nothing but a Map. */
export async function openMemoryWorld(hasPreconditions = false): Promise<WritableWorld> {
  const clock = virtualClock();
  const collection = createMemoryCollection({ clock, hasPreconditions });
  return {
    sample: { title: { field: "title", values: texts }, other: { field: "note", values: texts } },
    writesSeen: () => collection.writes(),
    loseAnswer: (when) => collection.loseAnswer(when),
    connector: collection.connector,
    add: async (title) => collection.add(title),
    async addMany(count) {
      return Array.from({ length: count }, (_, index) => {
        if (index % 7 === 0) clock.advance(MINUTE);
        return collection.add(`Row ${index}`);
      });
    },
    edit: async (id, title) => collection.edit(id, title),
    trash: async (id) => collection.trash(id),
    restore: async (id) => collection.restore(id),
    remove: async (id) => collection.remove(id),
    async hideField(id) {
      collection.hideNote(id);
      return "note";
    },
    obstruct: async () => collection.obstruct(),
    revokeAccess: async () => collection.revokeAccess(),
    advance: (ms) => clock.advance(ms),
    titleOf: (record) => titleOf(record) ?? "",
    async [Symbol.asyncDispose]() {},
  };
}

const queryCap = 250;
const MARKER_NAME = "Lockstep ID";
const options = [{ name: "Todo" }, { name: "Done" }];

/** The Notion connector over HTTP, against the emulator. */
export async function openNotionWorld(): Promise<WritableWorld> {
  const world = await notionWorld({
    queryCap,
    properties: {
      Name: { title: {} },
      Who: { people: {} },
      Stage: { select: { options } },
      [MARKER_NAME]: { rich_text: {} },
    },
    connector: { markerProperty: MARKER_NAME },
  });
  const { workspace, faults, calls } = world.emulator;
  const stage = await world.column("Stage");
  const [todo, done] = stage.options;
  const add = (count: number, make: (index: number) => object) =>
    workspace.addRows(world.dataSourceId, count, (index) => ({
      createdAt: world.now(),
      editedAt: world.now(),
      ...make(index),
    }));
  const writeRoutes = ["POST /pages", "PATCH /pages/{page_id}"];
  return {
    sample: {
      title: { field: "title", values: texts },
      other: { field: stage.id, values: [{ ...todo }, { ...done }, null] },
    },
    writesSeen: () => writeRoutes.reduce((sum, route) => sum + (calls.byRoute[route] ?? 0), 0),
    loseAnswer: (when) =>
      faults.add({
        match: { method: "POST", path: "^/v1/pages$", times: 1 },
        effect: { kind: "drop", when },
      }),
    connector: world.connector,
    add: async (title) => add(1, () => ({ properties: titled(title) }))[0] ?? "",
    async addMany(count) {
      const at = (index: number) => world.now() + Math.floor(index / 7) * MINUTE;
      const ids = add(count, (index) => ({
        properties: titled(`Row ${index}`),
        createdAt: at(index),
        editedAt: at(index),
      }));
      world.advance(count * MINUTE);
      return ids;
    },
    edit: async (id, title) => workspace.editPage(id, { properties: titled(title) }),
    trash: async (id) => workspace.trashPage(id),
    restore: async (id) => workspace.restorePage(id),
    remove: async (id) => workspace.deletePage(id),
    async hideField(id) {
      const people = Array.from({ length: 30 }, (_, index) => ({
        id: workspace.addPerson({ name: `Person ${index}` }),
      }));
      workspace.editPage(id, { properties: { Who: { people } } });
      faults.add({
        match: { path: `${id}/properties/` },
        effect: { kind: "status", status: 403, code: "restricted_resource" },
      });
      const { fields } = await world.connector.describe();
      return fields.find((field) => field.name === "Who")?.id ?? "";
    },
    async obstruct() {
      // More rows in one minute than Notion lists, and nothing to tell them apart.
      add(queryCap + 50, () => ({ properties: titled("same") }));
    },
    revokeAccess: async () => workspace.unshare(world.databaseId),
    advance: (ms) => world.advance(ms),
    titleOf: (record) => titleOf(record) ?? "",
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
