import { z } from "zod";
import { configFileSchema } from "./schema.ts";

/** The JSON Schema editors use for `lockstep.config.json`, as the text of schema/lockstep.config.schema.json. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(configFileSchema, { io: "input" }), null, 2)}\n`;
}
