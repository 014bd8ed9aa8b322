import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { initLibrary, type LibrarySetup } from "../../../../src/app/library-setup.ts";
import { openLockstep } from "../../../../src/app/open.ts";
import { systemClock, systemIds } from "../../../../src/app/platform.ts";
import { noSecrets } from "../../../../src/config/environment.ts";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import { isJsonObject, type Json } from "../../../../src/core/json.ts";
import { type Emulator, startEmulator } from "../../../../src/emulator/index.ts";
import { parseDynamoAddress } from "../../../../src/store/dynamodb/address.ts";
import { openDatabase } from "../../../../src/store/dynamodb/database.ts";
import { createTables } from "../../../../src/store/dynamodb/migrate.ts";
import { Amazon } from "../../local/amazon.ts";
import { startDynamo } from "../../local/dynamo.ts";
import { LambdaHost } from "../../local/lambda-host.ts";
import { Template } from "../../local/template.ts";

export const playerSecret = "player_dummy";
export const webhookSecret = "webhook_dummy";
export const adminToken = "admin_dummy";

interface Parts {
  readonly emulator: Emulator;
  readonly setup: LibrarySetup;
  readonly amazon: Amazon;
  readonly host: LambdaHost;
  readonly template: Template;
  readonly endpoint: string;
  readonly folder: string;
  readonly resources: AsyncDisposableStack;
}

/** A stage on this machine: the bundles run as Lambdas, the tables in a DynamoDB of their own, Notion emulated over HTTP. */
export class StageWorld implements AsyncDisposable {
  readonly emulator: Emulator;
  readonly setup: LibrarySetup;
  readonly amazon: Amazon;
  readonly host: LambdaHost;
  readonly template: Template;
  /** Of DynamoDB. */
  readonly endpoint: string;
  private readonly folder: string;
  private readonly resources: AsyncDisposableStack;

  private constructor(parts: Parts) {
    this.emulator = parts.emulator;
    this.setup = parts.setup;
    this.amazon = parts.amazon;
    this.host = parts.host;
    this.template = parts.template;
    this.endpoint = parts.endpoint;
    this.folder = parts.folder;
    this.resources = parts.resources;
  }

  static async open(): Promise<StageWorld> {
    await using resources = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "lockstep-stage-"));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    let host: LambdaHost | null = null;
    const clock = { now: () => host?.now() ?? Date.now() };
    const emulator = resources.use(await startEmulator({ ratePerMinute: null, clock }));
    const setup = await makeDatabases(emulator, folder);
    const amazon = resources.use(
      await Amazon.start({
        "lockstep/dev/notion-token": emulator.token,
        "lockstep/dev/lockstep-admin-token": adminToken,
        "lockstep/dev/notion-webhook-secret": webhookSecret,
        "lockstep/dev/github-webhook-secret": "unset",
        "lockstep/dev/github-token": "unset",
        "lockstep/dev/lockstep-library-webhook-secret": playerSecret,
      }),
    );
    const endpoint = await startTables(resources);
    const template = new Template(JSON.parse(inject("template")));
    const config = { ...configOf(setup), store: "dynamodb:dev" };
    host = resources.use(
      new LambdaHost({
        functions: template.functions(),
        bundlesFolder: inject("bundlesFolder"),
        config,
        environmentsMax: 2,
        variables: {
          ...amazon.variables,
          AWS_ENDPOINT_URL_DYNAMODB: endpoint,
          NOTION_BASE_URL: emulator.url,
        },
      }),
    );
    return new StageWorld({
      emulator,
      setup,
      amazon,
      host,
      template,
      endpoint,
      folder,
      resources: resources.move(),
    });
  }

  /** The same recipe on one machine, with a store of its own in a file. */
  async onOneMachine(): Promise<Awaited<ReturnType<typeof openLockstep>>> {
    const written = { ...configOf(this.setup), store: "sqlite:one.db" };
    const config = resolveConfig(written, join(this.folder, "lockstep.config.json"));
    const { url, token } = this.emulator;
    const lockstep = await openLockstep({
      config,
      secrets: { ...noSecrets, notionToken: token },
      baseUrl: url,
    });
    this.resources.defer(() => lockstep.close());
    return lockstep;
  }

  /** What people see of both databases, without ids. */
  shown(): { readonly series: readonly string[]; readonly books: readonly string[] } {
    const series = this.emulator.workspace.rows(this.setup.series).filter(({ inTrash }) => !inTrash);
    const names = new Map(series.map(({ id, properties }) => [id, plain(properties.Name)]));
    const lines = (rows: typeof series) => rows.map(({ properties }) => lineOf(properties, names)).sort();
    return {
      series: lines(series),
      books: lines(this.emulator.workspace.rows(this.setup.books).filter(({ inTrash }) => !inTrash)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources[Symbol.asyncDispose]();
  }
}

function configOf({ series, books }: Pick<LibrarySetup, "series" | "books">) {
  return { notion: { ratePerMinute: 600 }, library: { notion: { series, books } } };
}

async function makeDatabases(emulator: Emulator, folder: string): Promise<LibrarySetup> {
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const file = join(folder, "lockstep.config.json");
  const config = resolveConfig({ library: { notion: { parentPage } }, store: "sqlite:setup.db" }, file);
  if (config.library === undefined) throw new Error("no library is configured");
  const secrets = { ...noSecrets, notionToken: emulator.token };
  return initLibrary({ config, library: config.library, secrets, baseUrl: emulator.url });
}

/** A DynamoDB with the tables of the stage. */
export async function startTables(resources: AsyncDisposableStack): Promise<string> {
  const dynamo = await startDynamo();
  resources.defer(() => dynamo.stop());
  const url = `dynamodb:dev?endpoint=${encodeURIComponent(dynamo.endpoint)}`;
  const database = openDatabase({ address: parseDynamoAddress(url), clock: systemClock, ids: systemIds });
  await createTables(database);
  await database.close();
  return dynamo.endpoint;
}

/** Of a page: its properties in words; relations by names, and none that is only an id. */
function lineOf(properties: Readonly<Record<string, Json>>, names: ReadonlyMap<string, string>): string {
  const shown = Object.entries(properties).flatMap(([name, value]): [string, Json][] => {
    if (name === "Lockstep ID") return [];
    if (name === "Books") return [[name, Array.isArray(value) ? value.length : 0]];
    if (name === "Series")
      return [[name, Array.isArray(value) ? value.map((part: Json) => names.get(idOf(part)) ?? "?") : null]];
    return [[name, wordOf(value)]];
  });
  return JSON.stringify(Object.fromEntries(shown.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function idOf(value: Json): string {
  return isJsonObject(value) ? String(value.id) : "";
}

function wordOf(value: Json): Json {
  if (Array.isArray(value)) return plain(value);
  if (!isJsonObject(value)) return value;
  return value.name ?? value.start ?? null;
}

function plain(value: Json | undefined): string {
  if (!Array.isArray(value)) return "";
  return value
    .map((part: Json) => (isJsonObject(part) ? String(part.plain_text ?? part.id ?? "") : ""))
    .join("");
}
