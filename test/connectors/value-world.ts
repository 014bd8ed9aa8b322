import type { Json } from "../../src/core/json.ts";
import { notionWorld } from "./notion-world.ts";

export const inTime = { sendBy: Number.POSITIVE_INFINITY };
const options = ["Todo", "In work", "Done", "Größe 42", "🚀"].map((name) => ({ name }));
export const plain = (text: string) => ({ plain: text, rich: null });

/** One of each kind that can be written, and rows and people to refer to. */
export async function openWorld() {
  const world = await notionWorld({
    properties: {
      Name: { title: {} },
      Notes: { rich_text: {} },
      Count: { number: {} },
      Stage: { select: { options } },
      State: { status: { options: options.slice(0, 3) } },
      Tags: { multi_select: { options } },
      Due: { date: {} },
      Ready: { checkbox: {} },
      Link: { url: {} },
      Mail: { email: {} },
      Phone: { phone_number: {} },
      Who: { people: {} },
      Files: { files: {} },
      Sum: { formula: { expression: "1" } },
      Made: { created_time: {} },
    },
  });
  const { workspace } = world.emulator;
  const people = Array.from({ length: 40 }, (_, index) => workspace.addPerson({ name: `Person ${index}` }));
  const [row = "", ...others] = workspace.addRows(world.dataSourceId, 120, () => ({}));
  workspace.addProperty(world.dataSourceId, "Related", {
    relation: { data_source_id: world.dataSourceId, single_property: {} },
  });
  return { ...world, people, row, others };
}

export type ValueWorld = Awaited<ReturnType<typeof openWorld>>;

/** Writes a value and gives what the answer shows, what a read shows, and why it was refused. */
export async function roundTrip(world: ValueWorld, name: string, value: Json) {
  const { id } = await world.column(name);
  const write = {
    kind: "update",
    id: world.row,
    fields: { [id]: value },
    expected: { revision: "" },
  } as const;
  const outcome = await world.connector.apply(write, inTime);
  if (outcome.kind !== "applied") return { outcome };
  const observed = await world.connector.get(world.row);
  return {
    outcome,
    answered: outcome.record.fields[id],
    read: "record" in observed ? observed.record.fields[id] : undefined,
  };
}
