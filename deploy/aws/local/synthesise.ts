import { join } from "node:path";
import { bundleAll } from "../bundle.ts";
import { makeApp, type StageApp } from "../synth.ts";
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
  return { template: templateOf({ app, addStack }, bundlesFolder), bundlesFolder };
}

/** Synthesises a stage whose functions are bundled already. */
export function templateOf(
  { app, addStack }: Pick<StageApp, "app" | "addStack">,
  bundlesFolder: string,
): Template {
  const { stackName } = addStack(bundlesFolder);
  return new Template(app.synth().getStackByName(stackName).template);
}
