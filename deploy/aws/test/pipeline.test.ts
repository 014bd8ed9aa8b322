import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initPipeline } from "../../../src/app/init-pipeline.ts";
import { noSecrets } from "../../../src/config/environment.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { Json } from "../../../src/core/json.ts";
import type { Emulator } from "../../../src/emulator/index.ts";
import { boardProperties as board } from "../../../src/recipes/pipeline/board.ts";
import { createDatabase, type TestDatabase } from "../../../test/support/postgres.ts";
import { type LocalStage, openLocalStage } from "../local/stage.ts";
import { type Synthesised, synthesise } from "../local/synthesise.ts";
import { webhookSecret } from "./support/world.ts";

const resources = new AsyncDisposableStack();
let database: TestDatabase;
let synthesised: Synthesised;
let world: LocalStage;
let boardId = "";

beforeAll(async () => {
  database = resources.use(await createDatabase());
  const folder = await mkdtemp(join(tmpdir(), "lockstep-pipeline-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const channels = join(folder, "channels");
  await mkdir(channels);
  await writeFile(join(channels, "news.yaml"), "id: news\nname: Daily News\n");
  const section = (notion: Json) => ({
    pipeline: { notion, table: { url: { env: "TASKS_URL" } }, channels },
  });
  const dev = { config: section({ database: "5".repeat(32) }) };
  synthesised = await synthesise(folder, { stage: "dev", stages: { dev } });
  world = resources.use(
    await openLocalStage({
      ...synthesised,
      secrets: { NOTION_WEBHOOK_SECRET: webhookSecret, TASKS_URL: database.url },
      configOf: async (_, stage) => {
        boardId = await makeBoard(stage, section);
        return section({ database: boardId });
      },
    }),
  );
});

afterAll(() => resources.disposeAsync());

/** The board and the table, made as `lockstep init` makes them. */
async function makeBoard(
  { emulator, folder }: { readonly emulator: Emulator; readonly folder: string },
  section: (notion: Json) => { readonly [key: string]: Json },
): Promise<string> {
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const config = resolveConfig(section({ parentPage }), join(folder, "lockstep.config.json"));
  if (config.pipeline === undefined) throw new Error("no pipeline is configured");
  const databaseUrls = { TASKS_URL: database.url };
  const secrets = { ...noSecrets, notionToken: emulator.token, databaseUrls };
  const { setup } = await initPipeline({
    config,
    pipeline: config.pipeline,
    secrets,
    baseUrl: emulator.url,
  });
  return setup.board;
}

const poll = () => world.host.invoke("sync", { kind: "poll", sync: "pipeline" });
const text = (content: string) => [{ type: "text", text: { content } }];

describe("a pipeline on Lambda, with its table in Postgres", () => {
  it("has the database's address as a secret that only syncs read, and its channels in their bundles", () => {
    const { template, bundlesFolder } = synthesised;
    const readers = template
      .functions()
      .filter(({ variables }) =>
        variables.LOCKSTEP_SECRET_NAMES?.includes("TASKS_URL=lockstep/dev/tasks-url"),
      );
    expect(readers.map(({ name }) => name).sort()).toEqual(["queue", "sync"]);
    expect(existsSync(join(bundlesFolder, "sync/channel_configs/news.yaml"))).toBe(true);
    expect(existsSync(join(bundlesFolder, "upsert-book/channel_configs"))).toBe(false);
  });

  it("takes an entry of the board into the table when its schedule says so", async () => {
    const page = world.emulator.workspace.createPage({
      parent: { dataSourceId: boardId },
      properties: {
        [board.title]: { title: text("Bees") },
        [board.topic]: { rich_text: text("How bees dance") },
        [board.channel]: { select: { name: "Daily News" } },
      },
    });
    expect(await poll()).toBeNull();
    expect(await database.run("SELECT title, channel_id, status, notion_page_id FROM tasks")).toEqual([
      { title: "Bees", channel_id: "news", status: "draft", notion_page_id: page },
    ]);
  });
});
