import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lockstep } from "../../../src/app/lockstep.ts";
import { openLockstep } from "../../../src/app/open.ts";
import { initPlanning } from "../../../src/app/planning-setup.ts";
import { noSecrets } from "../../../src/config/environment.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { Json } from "../../../src/core/json.ts";
import { type Emulator, type GitHubEmulator, startGitHubEmulator } from "../../../src/emulator/index.ts";
import { scriptedServer } from "../../../test/http/scripted-server.ts";
import type { LocalStage } from "../local/stage.ts";
import { deliverQueue, knock, openDoor, sign, tick } from "./support/door.ts";
import { declareStage, githubWebhookSecret, openStage } from "./support/world.ts";

const repository = "acme/app";
const text = (content: string) => [{ type: "text", text: { content } }];

const resources = new AsyncDisposableStack();
let github: GitHubEmulator;
let world: LocalStage;
/** Lockstep on a person's machine, with the store of the stage. */
let beside: Lockstep;
let database = "";
let shelf = "";

/** Of the chat that takes alerts: when a message is answered. */
let answerChat = async () => {};

beforeAll(async () => {
  const chat = resources.use(
    await scriptedServer(async () => {
      await answerChat();
      return { text: "ok" };
    }),
  );
  github = resources.use(await startGitHubEmulator());
  github.people.addRepository(repository);
  const config = sections("5".repeat(32), "6".repeat(32));
  world = resources.use(
    await openStage({
      template: await declareStage({ polls: { planning: 15, shelf: 60 }, config }),
      secrets: { GITHUB_TOKEN: github.token, ALERT_URL: chat.url },
      services: { github: github.url },
      configOf: async ({ books }, { emulator, folder }) => {
        shelf = books;
        database = await makePlanning(emulator, folder);
        return sections(database, shelf);
      },
    }),
  );
  beside = await besideTheStage();
  resources.defer(() => beside.close());
});

afterAll(() => resources.disposeAsync());

function sections(planning: string, books: string): { readonly [key: string]: Json } {
  return {
    planning: {
      notion: { database: planning },
      repositories: [repository],
      alerts: { webhookUrlEnv: "ALERT_URL" },
    },
    backup: { databases: [{ name: "shelf", notionDatabaseId: books, projectScopeId: "library" }] },
  };
}

/** The database of planning, made as `lockstep init` makes it. */
async function makePlanning(emulator: Emulator, folder: string): Promise<string> {
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const planning = { notion: { parentPage }, repositories: [repository] };
  const config = resolveConfig({ planning }, join(folder, "lockstep.config.json"));
  if (config.planning === undefined) throw new Error("no planning is configured");
  const parts = { baseUrl: emulator.url, githubUrl: github.url, secrets: secretsOf(emulator) };
  return (await initPlanning({ config, planning: config.planning, ...parts })).database;
}

function secretsOf({ token }: Emulator) {
  const auth = { kind: "token", token: github.token } as const;
  return { ...noSecrets, notionToken: token, github: { ...noSecrets.github, auth } };
}

async function besideTheStage(): Promise<Lockstep> {
  const { config, endpoint, folder, emulator } = world;
  const store = `dynamodb:dev?endpoint=${encodeURIComponent(endpoint)}`;
  return openLockstep({
    config: resolveConfig({ ...config, store }, join(folder, "lockstep.config.json")),
    secrets: secretsOf(emulator),
    baseUrl: emulator.url,
    githubUrl: github.url,
  });
}

/** The last run of a sync, as the store has it. */
async function lastRun(sync: string) {
  const [report] = await beside.runs({ sync, limit: 1 });
  return report?.run;
}

function rows() {
  const live = world.emulator.workspace.rows(database).filter(({ inTrash }) => !inTrash);
  return live.map(({ id, properties }) => ({ id, written: JSON.stringify(properties.Title) }));
}

const titled = (...titles: readonly string[]) =>
  expect.arrayContaining(
    titles.map((title) => ({ id: expect.anything(), written: expect.stringContaining(title) })),
  );

describe("planning", () => {
  it("waits for a person's yes, and then brings issues to Notion when its schedule says so", async () => {
    github.people.addIssue(repository, { title: "A leak in the roof" });
    expect(await tick(world, "PollPlanning")).toBeNull();
    expect(rows()).toEqual([]);
    expect(await lastRun("planning")).toMatchObject({ trigger: "poll", status: "refused" });
    await beside.sync(["planning"], { trigger: "test", isAccepted: true });
    expect(rows()).toEqual(titled("A leak in the roof"));
    github.people.addIssue(repository, { title: "A crack in the wall" });
    expect(await tick(world, "PollPlanning")).toBeNull();
    expect(rows()).toHaveLength(2);
    expect(rows()).toEqual(titled("A leak in the roof", "A crack in the wall"));
    expect(await lastRun("planning")).toMatchObject({ trigger: "poll", status: "succeeded" });
  });

  it("refuses a delivery that GitHub's secret has not signed, and keeps nothing of it", async () => {
    const body = JSON.stringify({ action: "opened", issue: { number: 1 }, repository: { id: 1 } });
    const headers = { "x-github-event": "issues", "x-github-delivery": "1" };
    const writes = () => world.wires.usage("dynamodb", "api-webhook").writeUnits;
    const before = writes();
    for (const signature of [
      {},
      { "x-hub-signature-256": "sha256=00" },
      { "x-hub-signature-256": sign("another_dummy", body) },
    ])
      expect(
        await knock(world, { path: "/webhook/github", body, headers: { ...headers, ...signature } }),
      ).toMatchObject({ status: 401 });
    expect(writes()).toBe(before);
    expect(world.amazon.messages).toEqual([]);
  });

  it("hears of an issue by GitHub's webhook, which is signed, kept, and queued for its sync", async () => {
    github.webhooks.add({ url: `${await openDoor(world)}/webhook/github`, secret: githubWebhookSecret });
    github.people.addIssue(repository, { title: "A bird in the chimney" });
    await github.webhooks.settle();
    expect(github.webhooks.deliveries).toMatchObject([
      { event: "ping", status: 200 },
      { event: "issues", status: 200 },
    ]);
    expect(world.amazon.messages).toMatchObject([{ body: { sync: "planning", polls: [] } }]);
    expect(rows()).toHaveLength(2);
    expect(await deliverQueue(world, 0)).toEqual({ batchItemFailures: [] });
    expect(rows()).toEqual(titled("A bird in the chimney"));
    expect(await lastRun("planning")).toMatchObject({ trigger: "webhook", status: "succeeded" });
  });

  it("makes nothing twice of a delivery that comes again", async () => {
    const opened = github.webhooks.deliveries.find(({ event }) => event === "issues");
    await github.webhooks.redeliver(opened?.id ?? "");
    expect(github.webhooks.deliveries.at(-1)).toMatchObject({ id: opened?.id, status: 200 });
    expect(await deliverQueue(world, 0)).toEqual({ batchItemFailures: [] });
    expect(rows()).toHaveLength(3);
  });

  it("waits for another function that is at it", async () => {
    github.people.addIssue(repository, { title: "A frog in the well" });
    await github.webhooks.settle();
    const [polled, handled] = await Promise.all([tick(world, "PollPlanning"), deliverQueue(world, 2)]);
    expect(polled).toBeNull();
    expect(handled).toEqual({ batchItemFailures: [] });
    expect(rows()).toHaveLength(4);
  });

  it("carries what a person does in Notion to GitHub", async () => {
    const leak = rows().find(({ written }) => written.includes("A leak in the roof"));
    const properties = { Title: { title: text("A leak in the new roof") } };
    world.emulator.workspace.editPage(leak?.id ?? "", { properties });
    expect(await tick(world, "PollPlanning")).toBeNull();
    expect(github.people.issue(repository, 1)?.title).toBe("A leak in the new roof");
  });
});

describe("planning without access", () => {
  it("leaves evidence, and its function has not answered before people were told", async () => {
    github.people.revokeToken(github.token);
    const { promise: asked, resolve: told } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    answerChat = () => {
      told();
      return released;
    };
    let isOver = false;
    const polling = tick(world, "PollPlanning").catch(String);
    void polling.then(() => {
      isOver = true;
    });
    await asked;
    // Whatever it would do without waiting, it has done by the time another function has answered.
    expect(await knock(world, { path: "/webhook/github", body: "{}" })).toMatchObject({ status: 401 });
    expect(isOver).toBe(false);
    release();
    expect(await polling).toMatch(/"planning" failed: Asked GitHub/);
    expect(await lastRun("planning")).toMatchObject({ status: "failed", errors: [{ code: "ACCESS_LOST" }] });
  });
});

describe("a backup", () => {
  it("keeps the rows of a database in the stage's tables when its schedule says so", async () => {
    const add = (name: string) =>
      world.emulator.workspace.createPage({
        parent: { dataSourceId: shelf },
        properties: { Title: { title: text(name) } },
      });
    const ids = ["Emma", "Persuasion"].map(add);
    expect(await tick(world, "PollShelf")).toBeNull();
    expect(await lastRun("shelf")).toMatchObject({ status: "succeeded", counts: { created: 2 } });
    world.emulator.workspace.editPage(ids[0] ?? "", { properties: { Title: { title: text("Emma again") } } });
    expect(await tick(world, "PollShelf")).toBeNull();
    expect(await lastRun("shelf")).toMatchObject({ status: "succeeded", counts: { created: 0, updated: 1 } });
    const { versions } = await beside.history(ids[0] ?? "", { fromVersion: 1, limit: 10 });
    expect(versions).toMatchObject([
      { versionNum: 1, title: "Emma" },
      { versionNum: 2, title: "Emma again" },
    ]);
  });
});
