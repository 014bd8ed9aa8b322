import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { TestProject } from "vitest/node";
// Declares what it provides.
import type {} from "../../../../test/support/global-setup.ts";
import { type Bundle, bundleAll } from "../../bundle.ts";
import { makeApp } from "../../synth.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The stage "dev" as `cdk synth` makes it: its template as JSON. Synthesising it has passed cdk-nag. */
    readonly template: string;
    readonly bundlesFolder: string;
    readonly bundles: readonly Bundle[];
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-aws-"));
  const cdkFile = join(import.meta.dirname, "../../cdk.json");
  const { context } = JSON.parse(await readFile(cdkFile, "utf8"));
  const bundlesFolder = join(folder, "bundles");
  const { app, settings, addStack } = makeApp({ context, outdir: join(folder, "cdk.out") });
  const bundles = await bundleAll(bundlesFolder, settings);
  const { stackName } = addStack(bundlesFolder);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const { template } = app.synth().getStackByName(stackName);
  project.provide("template", JSON.stringify(template));
  project.provide("bundlesFolder", bundlesFolder);
  project.provide("bundles", bundles);
  return () => rm(folder, { recursive: true, force: true });
}
