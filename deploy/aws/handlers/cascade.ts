import type { BookItem } from "../../../src/app/import-steps.ts";
import { stepHandler } from "../runtime/step.ts";

export const handler = stepHandler((steps, item: BookItem, how) => steps.cascade(item, how));
