// Writes schema/lockstep.config.schema.json from the zod schema. Run after changing the configuration's shape.
import { mkdir, writeFile } from "node:fs/promises";
import { configJsonSchemaText } from "../src/config/json-schema.ts";

const folder = new URL("../schema/", import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL("lockstep.config.schema.json", folder), configJsonSchemaText());
