import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith } from "../config/folder.ts";
import { fakeLockstep } from "./fake-lockstep.ts";
import { run } from "./harness.ts";

const board = "22222222-2222-4222-8222-222222222222";
const books = "33333333-3333-4333-8333-333333333333";
const page = "2b000000000040008000000000000001";

const pipelineSetup = { board, links: {}, writes: 9, schema: { from: 0, to: 1 }, differences: [] };
const deps = {
  setUpPipeline: async () => ({ setup: pipelineSetup, channels: { isNew: false } }),
  setUpLibrary: async () => ({ series: board, books, writes: 9, differences: [] }),
  setUpPlanning: async () => ({ database: board, writes: 9, labels: [], differences: [] }),
};

const pagePlace = { parentPage: page };
const recipes = [
  { recipe: "pipeline", flags: [], begun: { notion: pagePlace }, ids: { database: board } },
  { recipe: "library", flags: [], begun: { notion: pagePlace }, ids: { series: board, books } },
  {
    recipe: "planning",
    flags: ["--repository", "acme/site"],
    begun: { notion: pagePlace, repositories: ["acme/site"] },
    ids: { database: board },
  },
];

async function init(recipe: string, files: Readonly<Record<string, string>>, flags: readonly string[]) {
  return run(await fakeLockstep(), ["init", "--recipe", recipe, "--page", page, ...flags], { files, deps });
}

describe.each(recipes)("init of a $recipe", ({ recipe, flags, begun, ids }) => {
  const done = { ...begun, notion: ids };

  it.each([
    {
      file: "lockstep.config.ts",
      text: `export default { ${recipe}: ${JSON.stringify(begun)} };`,
    },
    { file: "lockstep.config.mjs", text: "export default {};" },
  ])("says what to write into $file, which it does not rewrite", async ({ file, text }) => {
    const { exitCode, stdout } = await init(recipe, { [file]: text }, [...flags, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      isFileChanged: false,
      toWrite: { [recipe]: { notion: ids } },
    });
    const told = (await init(recipe, { [file]: text }, flags)).stdout;
    expect(told).toContain(`${file} is a program and stays as it is. Write this into it`);
    expect(told).toContain(`in place of its ${recipe}`);
    for (const [key, id] of Object.entries(ids)) expect(told).toContain(`"${key}": "${id}"`);
  });

  it("has nothing to say when a program names what there is already", async () => {
    const text = `export default { ${recipe}: ${JSON.stringify(done)} };`;
    const { stdout } = await init(recipe, { "lockstep.config.ts": text }, [...flags, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ isFileChanged: false, toWrite: null });
  });

  it("writes the ids into a file of JSON, also one that --config names, and then leaves it", async () => {
    await using folder = await folderWith({ "other.json": '{"store":"sqlite:kept.db"}' });
    const file = join(folder.path, "other.json");
    const { stdout } = await init(recipe, {}, [...flags, "--json", "--config", file]);
    expect(JSON.parse(stdout)).toMatchObject({ file, isFileChanged: true, toWrite: null });
    const written = await readFile(file, "utf8");
    expect(JSON.parse(written)).toMatchObject({ store: "sqlite:kept.db", [recipe]: { notion: ids } });
    const again = await init(recipe, {}, [...flags, "--json", "--config", file]);
    expect(JSON.parse(again.stdout)).toMatchObject({ file, isFileChanged: false, toWrite: null });
    expect(await readFile(file, "utf8")).toBe(written);
    expect(await readdir(folder.path)).toEqual(["other.json"]);
  });

  it("makes the file in the working directory where there is none", async () => {
    const { stdout } = await init(recipe, {}, [...flags, "--json"]);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ isFileChanged: true });
    expect(document.file).toMatch(/lockstep\.config\.json$/);
  });

  it.each([
    { text: "[]", says: "holds no object" },
    { text: "{ nothing", says: "line 1, column 3" },
  ])("refuses a file that holds $text, and leaves it", async ({ text, says }) => {
    await using folder = await folderWith({ "other.json": text });
    const file = join(folder.path, "other.json");
    const { exitCode, stderr } = await init(recipe, {}, [...flags, "--config", file]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("CONFIG_INVALID");
    expect(stderr).toContain(file);
    expect(stderr).toContain(says);
    expect(await readFile(file, "utf8")).toBe(text);
  });
});
