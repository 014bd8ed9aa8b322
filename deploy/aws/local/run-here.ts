import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initLibrary } from "../../../src/app/library-setup.ts";
import { systemIds } from "../../../src/app/platform.ts";
import { migrateStore } from "../../../src/app/store-copy.ts";
import { noSecrets } from "../../../src/config/environment.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { Json } from "../../../src/core/json.ts";
import { startEmulator } from "../../../src/emulator/index.ts";
import { bundleAll } from "../bundle.ts";
import { secretName } from "../runtime/secret-names.ts";
import { makeApp } from "../synth.ts";
import { Amazon } from "./amazon.ts";
import { startDynamo } from "./dynamo.ts";
import { LambdaHost } from "./lambda-host.ts";
import { execute } from "./machine.ts";
import { Template } from "./template.ts";

/** Runs the synthesised machine on this machine, one execution for each input: emulated Notion, DynamoDB of its own. */
export async function runHere(inputs: readonly Json[]): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "lockstep-local-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const emulator = resources.use(await startEmulator({ ratePerMinute: null }));
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const before = resolveConfig({ library: { notion: { parentPage } } }, join(folder, "lockstep.config.json"));
  if (before.library === undefined) throw new Error("no library is configured");
  const secrets = { ...noSecrets, notionToken: emulator.token };
  const { series, books } = await initLibrary({
    config: before,
    library: before.library,
    secrets,
    baseUrl: emulator.url,
  });
  const dynamo = await startDynamo();
  resources.defer(() => dynamo.stop());
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: "dummy",
    AWS_SECRET_ACCESS_KEY: "dummy",
    AWS_REGION: "eu-central-1",
  });
  await migrateStore(`dynamodb:dev?endpoint=${encodeURIComponent(dynamo.endpoint)}`);
  const { context } = JSON.parse(await readFile(join(import.meta.dirname, "../cdk.json"), "utf8"));
  const { app, settings, addStack } = makeApp({
    context: { ...context, stage: "dev" },
    outdir: join(folder, "cdk.out"),
  });
  const bundlesFolder = join(folder, "bundles");
  console.log("bundling …");
  await bundleAll(bundlesFolder, settings.written);
  const { stackName } = addStack(bundlesFolder);
  console.log("synthesising …");
  const template = new Template(app.synth().getStackByName(stackName).template);
  const amazon = resources.use(await Amazon.start({ [secretName("dev", "NOTION_TOKEN")]: emulator.token }));
  const host = resources.use(
    new LambdaHost({
      functions: template.functions(),
      bundlesFolder,
      config: { store: "dynamodb:dev", library: { notion: { series, books } } },
      environmentsMax: 2,
      variables: {
        ...amazon.variables,
        AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
        NOTION_BASE_URL: emulator.url,
      },
    }),
  );
  for (const input of inputs) {
    const { output, letters } = await execute(
      { machine: template.machine(), host },
      { name: systemIds.next(), input },
    );
    console.log(JSON.stringify({ output, letters }));
  }
  const rows = (id: string) => emulator.workspace.rows(id).length;
  console.log(`${rows(books)} pages in Books, ${rows(series)} in Series.`);
}
