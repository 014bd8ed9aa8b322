import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initPipeline } from "../../../src/app/init-pipeline.ts";
import { systemClock } from "../../../src/app/platform.ts";
import { noSecrets } from "../../../src/config/environment.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import type { Emulator } from "../../../src/emulator/index.ts";
import { boardProperties as board } from "../../../src/recipes/pipeline/board.ts";
import { openTaskDatabase } from "../../../src/recipes/pipeline/database.ts";
import { createTaskQueue } from "../../../src/recipes/pipeline/queue.ts";
import { createDatabase, type TestDatabase } from "../../../test/support/postgres.ts";
import type { LocalStage } from "../local/stage.ts";
import { type Synthesised, synthesise } from "../local/synthesise.ts";
import { networkReasons } from "../stack/findings.ts";
import { deliverQueue, knock, sign, tick } from "./support/door.ts";
import { openStage, requestsOf, webhookSecret } from "./support/world.ts";

const network = {
  subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
  securityGroupIds: ["sg-0123456789abcdef0"],
};

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
  const dev = { polls: { pipeline: 1 }, network, config: section({ database: "5".repeat(32) }) };
  synthesised = await synthesise(folder, { stage: "dev", stages: { dev } });
  world = resources.use(
    await openStage({
      ...synthesised,
      secrets: { TASKS_URL: database.url },
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

function entry() {
  const [row] = world.emulator.workspace.rows(boardId);
  if (row === undefined) throw new Error("the board is empty");
  return row;
}

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

  it("has only its syncs in the network, whose interfaces Lambda makes with rights that their own code has not", () => {
    const { template } = synthesised;
    const placed = template
      .ofType("AWS::Lambda::Function")
      .filter(([, { VpcConfig }]) => VpcConfig !== undefined);
    expect(placed.map(([, { FunctionName, VpcConfig }]) => [FunctionName, VpcConfig])).toEqual([
      ["lockstep-dev-sync", { SubnetIds: network.subnetIds, SecurityGroupIds: network.securityGroupIds }],
      ["lockstep-dev-queue", { SubnetIds: network.subnetIds, SecurityGroupIds: network.securityGroupIds }],
    ]);
    const about = template.ofType("AWS::IAM::Policy").flatMap(([, { PolicyDocument }]) => {
      const statements = isJsonObject(PolicyDocument) ? PolicyDocument.Statement : null;
      const list: readonly Json[] = Array.isArray(statements) ? statements : [];
      return list.filter((statement) => JSON.stringify(statement).includes("ec2:"));
    });
    const actions = Object.keys(networkReasons).sort();
    const own = (name: string) => ({
      ArnEquals: {
        "lambda:SourceFunctionArn": {
          "Fn::Join": ["", expect.arrayContaining([`:function:lockstep-dev-${name}`])],
        },
      },
    });
    expect(about).toMatchObject(
      ["sync", "queue"].flatMap((name) => [
        { Effect: "Allow", Action: expect.arrayContaining(actions), Resource: "*" },
        { Effect: "Deny", Action: actions, Resource: "*", Condition: own(name) },
      ]),
    );
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
    expect(await tick(world, "PollPipeline")).toBeNull();
    expect(await database.run("SELECT title, channel_id, status, notion_page_id FROM tasks")).toEqual([
      { title: "Bees", channel_id: "news", status: "draft", notion_page_id: page },
    ]);
  });

  it("hears by a signed webhook and the queue that the entry was queued", async () => {
    const id = entry().id;
    const queued = { [board.status]: { select: { name: "Queued" } } };
    world.emulator.workspace.editPage(id, { properties: queued });
    const body = JSON.stringify({
      id: "event-1",
      type: "page.properties_updated",
      timestamp: new Date(world.host.now()).toISOString(),
      authors: [{ id: "ada", type: "person" }],
      entity: { id, type: "page" },
      data: { parent: { type: "database", data_source_id: boardId } },
    });
    const tell = (secret: string) =>
      knock(world, {
        path: "/webhook/notion",
        body,
        headers: { "x-notion-signature": sign(secret, body) },
      });
    expect(await tell("another_dummy")).toMatchObject({ status: 401 });
    expect(await tell(webhookSecret)).toMatchObject({ status: 200, body: { events: 1 } });
    expect(world.amazon.messages).toMatchObject([{ body: { sync: "pipeline" } }]);
    expect(await database.run("SELECT status FROM tasks")).toEqual([{ status: "draft" }]);
    expect(await deliverQueue(world, 0)).toEqual({ batchItemFailures: [] });
    expect(await database.run("SELECT status FROM tasks")).toEqual([{ status: "pending" }]);
  });

  it("shows on the board how far a worker is when its schedule says so, and then has nothing to do", async () => {
    await using tasks = openTaskDatabase(database.url, systemClock);
    const queue = createTaskQueue({ database: tasks, random: () => 0 });
    const job = await queue.claim({ worker: "w", leaseMs: 3_600_000 });
    if (job === null) throw new Error("nothing was queued");
    await queue.step(job, { state: "processing", stage: "Audio Generating" });
    expect(await tick(world, "PollPipeline")).toBeNull();
    expect(entry().properties[board.status]).toMatchObject({ name: "Audio Generating" });
    const { writes } = await requestsOf(world, () => tick(world, "PollPipeline"));
    expect(writes).toBe(0);
  });
});
