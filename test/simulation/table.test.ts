import { describeConnector } from "../../src/connector/connector.suite.ts";
import { describeWritableConnector, type WritableWorld } from "../../src/connector/writing.suite.ts";
import { openPlainTable } from "./fields.ts";
import { createTableConnector } from "./table.ts";

const PERSON = "ada";

async function openTableWorld(): Promise<WritableWorld> {
  let now = Date.parse("2026-11-21T10:00:20.000Z");
  let writes = 0;
  let lost: "before" | "after" | null = null;
  const table = openPlainTable({ now: () => now, onChange: () => {} });
  const connector = createTableConnector(table, {
    read: async (perform) => perform(),
    monotonic: () => now,
    write: async (_write, perform) => {
      writes += 1;
      const when = lost;
      lost = null;
      if (when === "before") return "unknown";
      const result = perform();
      return when === "after" ? "unknown" : result;
    },
  });
  const add = (title: string) => table.add({ name: title }, PERSON).id;
  return {
    connector,
    add: async (title) => add(title),
    addMany: async (count) => Array.from({ length: count }, (_, index) => add(`Row ${index}`)),
    edit: async (id, title) => void table.change(id, { values: { name: title } }, PERSON),
    trash: async (id) => void table.change(id, { isDeleted: true }, PERSON),
    restore: async (id) => void table.change(id, { isDeleted: false }, PERSON),
    remove: async (id) => table.remove(id),
    async hideField(id) {
      table.change(id, { hidden: ["note"] }, PERSON);
      return "note";
    },
    async obstruct() {
      table.isObstructed = true;
    },
    async revokeAccess() {
      table.isAccessible = false;
    },
    advance: (ms) => {
      now += ms;
    },
    sample: {
      title: { field: "name", values: ["One", "Two", "Three"] },
      other: { field: "note", values: ["a", "b", null] },
    },
    writesSeen: () => writes,
    loseAnswer: (when) => {
      lost = when;
    },
    titleOf: (record) => String(record.fields.name),
    async [Symbol.asyncDispose]() {},
  };
}

describeConnector("the simulated table", openTableWorld);
describeWritableConnector("the simulated table", openTableWorld);
