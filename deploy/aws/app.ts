import { join } from "node:path";
import { Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { bundleAll } from "./bundle.ts";
import { makeApp } from "./synth.ts";

// What `cdk synth` and `cdk deploy` run.
const { app, settings, addStack } = makeApp();
const bundlesFolder = join(import.meta.dirname, "bundles");
await bundleAll(bundlesFolder, settings);
addStack(bundlesFolder);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
