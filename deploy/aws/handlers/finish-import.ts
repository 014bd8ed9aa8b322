import { stepHandler } from "../runtime/step.ts";

export const handler = stepHandler((steps, input: { readonly importId: string }, how) =>
  steps.finish(input, how),
);
