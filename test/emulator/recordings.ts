import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "./harness.ts";

/** A JSON schema that was made from the response types of Notion's SDK. */
export function readSchema(name: string): JsonObject {
  const file = join(import.meta.dirname, "../fixtures/notion/schemas", `${name}.schema.json`);
  return JSON.parse(readFileSync(file, "utf8"));
}
