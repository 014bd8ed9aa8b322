import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configJsonSchemaText } from "../../src/config/json-schema.ts";
import { loadConfig } from "../../src/config/load.ts";
import { folderWith } from "./folder.ts";

const root = join(import.meta.dirname, "../..");

function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    (match) => match[1] ?? "",
  );
}

describe("schema/lockstep.config.schema.json", () => {
  it("is up to date (npm run schema)", async () => {
    expect(await readFile(join(root, "schema/lockstep.config.schema.json"), "utf8")).toBe(
      configJsonSchemaText(),
    );
  });

  it("describes every key", () => {
    const undescribed: string[] = [];
    const visit = (schema: Schema, path: string) => {
      for (const [key, child] of Object.entries(schema.properties ?? {})) {
        if (child.description === undefined) undescribed.push(`${path}.${key}`);
        visit(child, `${path}.${key}`);
      }
      for (const child of [...(schema.anyOf ?? []), ...(schema.items === undefined ? [] : [schema.items])])
        visit(child, path);
    };
    visit(JSON.parse(configJsonSchemaText()), "");
    expect(undescribed).toEqual([]);
  });
});

interface Schema {
  readonly description?: string;
  readonly properties?: { readonly [key: string]: Schema };
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
}

describe("docs/config.md", () => {
  it("has examples that load", async () => {
    const text = await readFile(join(root, "docs/config.md"), "utf8");
    const json = blocksOf(text, "json");
    const programs = blocksOf(text, "ts");
    expect([json.length, programs.length]).toEqual([4, 1]);
    for (const example of json) {
      await using folder = await folderWith({ "lockstep.config.json": example });
      const { config } = await loadConfig({ cwd: folder.path, file: null, env: {} });
      expect(config.backup.databases.length + config.tables.length).toBeGreaterThan(0);
    }
    for (const example of programs) {
      const source = example.replace('"lockstep"', JSON.stringify(join(root, "src/config/define-config.ts")));
      await using folder = await folderWith({
        "lockstep.config.ts": source,
        "package.json": '{"type":"module"}',
      });
      const { config } = await loadConfig({ cwd: folder.path, file: null, env: {} });
      expect(config.backup.databases.map(({ name }) => name)).toEqual(["team-a", "team-a-2"]);
    }
  });

  it("names every key of the schema", async () => {
    const text = await readFile(join(root, "docs/config.md"), "utf8");
    const keys = new Set<string>();
    const visit = (schema: Schema) => {
      for (const [key, child] of Object.entries(schema.properties ?? {})) {
        keys.add(key);
        visit(child);
      }
      for (const child of [...(schema.anyOf ?? []), ...(schema.items === undefined ? [] : [schema.items])])
        visit(child);
    };
    visit(JSON.parse(configJsonSchemaText()));
    const named = [...text.matchAll(/^\| `([^`]+)`/gm)].flatMap((match) => match[1]?.split(".") ?? []);
    expect([...keys].filter((key) => !named.includes(key))).toEqual([]);
  });
});
