import { createHmac, randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "../src/app/platform.ts";
import { openTaskDatabase } from "../src/recipes/pipeline/database.ts";
import { type Server, secret, type World } from "./pipeline-world.ts";

const edits = 60;
const betweenEditsMs = 400;
const waitMsMax = 30_000;
const stages = ["Assets Generating", "Videos Generating", "Audio Generating"];

/** How long a change takes to the other side, in milliseconds, and what it costs. */
export interface TravelReport {
  /** From a person's edit, told by a webhook without delay, to the row. */
  readonly toRow: readonly number[];
  /** From the change of all rows until the whole board shows it; one for each time. */
  readonly toBoard: readonly number[];
  /** Of rows, in all these. */
  readonly changes: number;
  readonly reads: number;
  readonly writes: number;
}

/** Edits pages one after the other and tells of each; then changes all rows, some times, and waits for the board. */
export async function measureTravel(world: World, server: Server): Promise<TravelReport> {
  await using tasks = openTaskDatabase(`sqlite:${join(world.cwd, "tasks.db")}`, systemClock);
  const ask = (sql: string, values: readonly string[] = []) => tasks.write((run) => run(sql, values));
  const toRow: number[] = [];
  for (let number = 0; number < edits; number += 1) {
    const page = world.pages[number % world.pages.length] ?? "";
    const title = `Edit ${number}`;
    const begin = performance.now();
    const properties = { Title: { title: [{ type: "text", text: { content: title } }] } };
    world.emulator.workspace.editPage(page, { properties });
    await tell(world, server, page);
    const isThere = async () =>
      (await ask("SELECT 1 AS one FROM tasks WHERE notion_page_id = $1 AND title = $2", [page, title]))
        .length > 0;
    await until(isThere, 5);
    toRow.push(performance.now() - begin);
    await wait(betweenEditsMs);
  }
  const toBoard: number[] = [];
  world.emulator.calls.reset();
  for (const stage of stages) {
    const begin = performance.now();
    await ask("UPDATE tasks SET status = 'processing', stage = $1", [stage]);
    await until(async () => shownWith(world, stage) === world.pages.length, 20);
    toBoard.push(performance.now() - begin);
  }
  const { byRoute } = world.emulator.calls;
  const count = (method: string) =>
    Object.entries(byRoute).reduce((sum, [route, n]) => sum + (route.startsWith(method) ? n : 0), 0);
  const changes = world.pages.length * stages.length;
  return { toRow, toBoard, changes, reads: count("GET"), writes: count("PATCH") };
}

/** Pages whose status is this one. */
function shownWith({ emulator, dataSourceId }: World, status: string): number {
  const rows = emulator.workspace.rows(dataSourceId);
  return rows.filter(({ properties }) => JSON.stringify(properties.Status).includes(`"${status}"`)).length;
}

async function tell(world: World, { url }: Server, page: string): Promise<void> {
  const body = JSON.stringify({
    id: randomUUID(),
    type: "page.properties_updated",
    timestamp: new Date().toISOString(),
    authors: [{ id: "ada", type: "person" }],
    entity: { id: page, type: "page" },
    data: { parent: { type: "database", data_source_id: world.dataSourceId } },
  });
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const headers = { "content-type": "application/json", "x-notion-signature": signature };
  const response = await fetch(`${url}/webhook/notion`, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`the delivery was answered ${response.status}`);
}

async function until(isTrue: () => Promise<boolean>, everyMs: number): Promise<void> {
  const begin = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - begin > waitMsMax) throw new Error("it did not come to pass in 30 s");
    await wait(everyMs);
  }
}
