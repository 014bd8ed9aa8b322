import { App, type AppProps } from "aws-cdk-lib";
import recommendedFlags from "aws-cdk-lib/recommended-feature-flags.json" with { type: "json" };
import { readStage, type StageSettings } from "./settings.ts";
import { LockstepStack } from "./stack/lockstep-stack.ts";

export interface StageApp {
  readonly app: App;
  readonly settings: StageSettings;
  /** Declares the stack; `bundlesFolder`: where `bundleAll` has put the functions. */
  addStack(bundlesFolder: string): LockstepStack;
}

/** The app of the stage that its context names. */
export function makeApp(props: AppProps = {}): StageApp {
  // What the CDK recommends to whoever begins today; without it, it behaves as its first versions did.
  const app = new App({ ...props, context: { ...recommendedFlags, ...props.context } });
  const stage: unknown = app.node.tryGetContext("stage");
  const settings = readStage(String(stage), app.node.tryGetContext("stages"));
  return {
    app,
    settings,
    addStack: (bundlesFolder) =>
      new LockstepStack(app, `Lockstep-${settings.stage}`, {
        settings,
        bundlesFolder,
        description: `Lockstep, stage ${settings.stage}`,
      }),
  };
}
