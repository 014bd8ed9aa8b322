import { join } from "node:path";
import { Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { LockstepError } from "../../src/core/errors.ts";
import { bundleAll } from "./bundle.ts";
import { StageError } from "./settings.ts";
import { makeApp, type StageApp } from "./synth.ts";

// What `cdk synth` and `cdk deploy` run.
const { app, settings, addStack } = open();
const bundlesFolder = join(import.meta.dirname, "bundles");
await bundleAll(bundlesFolder, settings);
addStack(bundlesFolder);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();

/** What is wrong with `cdk.json` is for people: they need no trace. */
function open(): StageApp {
  try {
    return makeApp();
  } catch (error) {
    if (!(error instanceof StageError || error instanceof LockstepError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
