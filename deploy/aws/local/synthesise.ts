import { join } from "node:path";
import { bundleAll } from "../bundle.ts";
import { makeApp } from "../synth.ts";
import { Template } from "./template.ts";

export interface Synthesised {
  readonly template: Template;
  readonly bundlesFolder: string;
}

/** The stage that a context names, bundled and synthesised into a folder. */
export async function synthesise(
  folder: string,
  context: Readonly<Record<string, unknown>>,
): Promise<Synthesised> {
  const { app, settings, addStack } = makeApp({ context, outdir: join(folder, "cdk.out") });
  const bundlesFolder = join(folder, "bundles");
  await bundleAll(bundlesFolder, settings);
  const { stackName } = addStack(bundlesFolder);
  return { template: new Template(app.synth().getStackByName(stackName).template), bundlesFolder };
}
