import { describe, expect, it } from "vitest";
import { fakeLockstep } from "./fake-lockstep.ts";
import { run } from "./harness.ts";

const setup = {
  board: "22222222-2222-4222-8222-222222222222",
  links: {},
  writes: 9,
  schema: { from: 0, to: 1 },
  differences: [],
};
const deps = { setUpPipeline: async () => ({ setup, channels: { isNew: false } }) };
const page = "2b000000000040008000000000000001";

async function init(files: Readonly<Record<string, string>>, flags: readonly string[] = []) {
  return run(await fakeLockstep(), ["init", "--recipe", "pipeline", "--page", page, ...flags], {
    files,
    deps,
  });
}

describe("init of a pipeline", () => {
  it.each([
    {
      file: "lockstep.config.ts",
      text: `export default { pipeline: { notion: { parentPage: "${page}" } } };`,
    },
    { file: "lockstep.config.mjs", text: "export default {};" },
  ])("says what to write into $file, which it does not rewrite", async ({ file, text }) => {
    const { exitCode, stdout } = await init({ [file]: text }, ["--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      isFileChanged: false,
      toWrite: { pipeline: { notion: { database: setup.board } } },
    });
    const told = (await init({ [file]: text })).stdout;
    expect(told).toContain(`${file} is a program and stays as it is. Write this into it`);
    expect(told).toContain(`"database": "${setup.board}"`);
  });

  it("has nothing to say when a program names the board already", async () => {
    const text = `export default { pipeline: { notion: { database: "${setup.board}" } } };`;
    const { stdout } = await init({ "lockstep.config.ts": text }, ["--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ isFileChanged: false, toWrite: null });
  });

  it("writes the ids into a file of JSON, also one that --config names", async () => {
    const { stdout } = await init({ "other.json": "{}" }, ["--json", "--config", "other.json"]);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ isFileChanged: true, toWrite: null });
    expect(document.file).toMatch(/other\.json$/);
  });
});
