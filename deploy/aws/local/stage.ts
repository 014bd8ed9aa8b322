import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initLibrary, type LibrarySetup } from "../../../src/app/library-setup.ts";
import { systemClock, systemIds } from "../../../src/app/platform.ts";
import { noSecrets } from "../../../src/config/environment.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { Json } from "../../../src/core/json.ts";
import { type Emulator, startEmulator } from "../../../src/emulator/index.ts";
import { parseDynamoAddress } from "../../../src/store/dynamodb/address.ts";
import { openDatabase } from "../../../src/store/dynamodb/database.ts";
import { createTables } from "../../../src/store/dynamodb/migrate.ts";
import { secretName, secretVariables } from "../runtime/secret-names.ts";
import { unsetSecret } from "../runtime/variables.ts";
import { Amazon } from "./amazon.ts";
import { startDynamo } from "./dynamo.ts";
import { LambdaHost } from "./lambda-host.ts";
import type { Template } from "./template.ts";
import { type ServiceName, Wires } from "./wires.ts";

/** Of the functions of a stage; what is not said is "unset". */
type StageSecrets = Readonly<Record<string, string>>;

type StageConfig = { readonly [key: string]: Json };

export interface StageOptions {
  readonly template: Template;
  readonly bundlesFolder: string;
  /** The stage's configuration, without its store; absent: a library, and nothing else. */
  readonly configOf?: (
    setup: LibrarySetup,
    stage: { readonly emulator: Emulator; readonly folder: string },
  ) => StageConfig | Promise<StageConfig>;
  readonly secrets?: StageSecrets;
  /** Further services, where they are. */
  readonly services?: Readonly<Partial<Record<ServiceName, string>>>;
}

/** The stage "dev" on this machine: the bundles run as Lambdas, the tables in a DynamoDB of their own, Notion emulated over HTTP. */
export interface LocalStage extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly setup: LibrarySetup;
  /** Without a store. */
  readonly config: StageConfig;
  readonly amazon: Amazon;
  readonly wires: Wires;
  readonly host: LambdaHost;
  readonly template: Template;
  /** Of DynamoDB. */
  readonly endpoint: string;
  /** For what else is done here; goes with the stage. */
  readonly folder: string;
  readonly resources: AsyncDisposableStack;
}

export async function openLocalStage(options: StageOptions): Promise<LocalStage> {
  await using opening = new AsyncDisposableStack();
  const { template, bundlesFolder, configOf = libraryConfigOf } = options;
  const folder = await mkdtemp(join(tmpdir(), "lockstep-stage-"));
  opening.defer(() => rm(folder, { recursive: true, force: true }));
  let host: LambdaHost | null = null;
  const clock = { now: () => host?.now() ?? Date.now() };
  const emulator = opening.use(await startEmulator({ ratePerMinute: null, clock }));
  const setup = await makeDatabases(emulator, folder);
  const secrets = { NOTION_TOKEN: emulator.token, ...options.secrets };
  const amazon = opening.use(await Amazon.start(valuesByName(secrets)));
  const endpoint = await startTables(opening);
  const services = { dynamodb: endpoint, notion: emulator.url, ...options.services };
  const wires = opening.use(await Wires.start(services));
  const config = await configOf(setup, { emulator, folder });
  host = opening.use(
    new LambdaHost({
      functions: template.functions(),
      bundlesFolder,
      config: { ...config, store: "dynamodb:dev" },
      environmentsMax: 2,
      variablesOf: (name, environment) => ({
        ...amazon.variables,
        ...wires.variablesOf(name, environment),
      }),
    }),
  );
  const resources = opening.move();
  const parts = { emulator, setup, config, amazon, wires, host, template, endpoint, folder, resources };
  return { ...parts, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
}

/** The library alone, at the highest rate that may be configured: nobody here limits it. */
export function libraryConfigOf({ series, books }: Pick<LibrarySetup, "series" | "books">) {
  return { notion: { ratePerMinute: 600 }, library: { notion: { series, books } } };
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

function valuesByName(secrets: StageSecrets): Readonly<Record<string, string>> {
  const unset = Object.fromEntries(secretVariables.map((variable) => [variable, unsetSecret]));
  return Object.fromEntries(
    Object.entries({ ...unset, ...secrets }).map(([variable, value]) => [secretName("dev", variable), value]),
  );
}

async function makeDatabases(emulator: Emulator, folder: string): Promise<LibrarySetup> {
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const file = join(folder, "lockstep.config.json");
  const config = resolveConfig({ library: { notion: { parentPage } }, store: "sqlite:setup.db" }, file);
  if (config.library === undefined) throw new Error("no library is configured");
  const secrets = { ...noSecrets, notionToken: emulator.token };
  return initLibrary({ config, library: config.library, secrets, baseUrl: emulator.url });
}
