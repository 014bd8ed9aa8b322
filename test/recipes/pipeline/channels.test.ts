import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { LockstepError } from "../../../src/core/errors.ts";
import {
  type ChannelFile,
  openChannels,
  parseChannels,
  readChannelFolder,
} from "../../../src/recipes/pipeline/channels.ts";

const news: ChannelFile = { name: "news.yaml", text: "id: news\nname: Daily News\nvoice: deep\n" };

/** One problem as an editor would jump to it. */
function problemsOf(...files: ChannelFile[]): readonly string[] {
  return parseChannels(files).problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

describe("parseChannels", () => {
  it("reads id, name and enabled, and leaves the team's other keys alone", () => {
    const off = { name: "off.yaml", text: "# a comment\nenabled: false\nname: Off\nid: off\n" };
    expect(parseChannels([news, off])).toEqual({
      channels: [
        { id: "news", name: "Daily News", isEnabled: true, file: "news.yaml" },
        { id: "off", name: "Off", isEnabled: false, file: "off.yaml" },
      ],
      problems: [],
    });
  });

  it.each([
    ["no id", "\nname: A\n", "x.yaml:2: id: expected a short name of a-z, 0-9, - and _, got nothing"],
    [
      "an id with spaces",
      "name: A\nid: My News\n",
      'x.yaml:2: id: expected a short name of a-z, 0-9, - and _, got "My News"',
    ],
    [
      "a name with a comma",
      "id: a\n\n\nname: News, daily\n",
      'x.yaml:4: name: expected a text of at most 100 characters without a comma, got "News, daily"',
    ],
    [
      "a name that is a list",
      "id: a\nname: [A]\n",
      "x.yaml:2: name: expected a text of at most 100 characters without a comma, got a list or an object",
    ],
    [
      "enabled as a word",
      "id: a\nname: A\nenabled: sure\n",
      'x.yaml:3: enabled: expected true or false, got "sure"',
    ],
    ["a list", "- a\n- b\n", "x.yaml:1: expected keys and values, at least id and name"],
    ["nothing", "", "x.yaml:1: expected keys and values, at least id and name"],
  ])("names file and line of %s", (_, text, expected) => {
    expect(problemsOf({ name: "x.yaml", text })).toEqual([expected]);
  });

  it("names file and line of what is no YAML", () => {
    const [problem, ...others] = problemsOf({ name: "x.yaml", text: 'id: a\nname: "open\n' });
    expect(problem).toMatch(/^x\.yaml:[23]: /);
    expect(others).toEqual([]);
    expect(problemsOf({ name: "x.yaml", text: "id: a\nid: b\nname: A\n" })[0]).toMatch(
      /^x\.yaml:2: .*unique/i,
    );
  });

  it("refuses an id or a name that another file has", () => {
    const same = { name: "z.yaml", text: "name: daily news\nid: news\n" };
    expect(problemsOf(news, same)).toEqual([
      'z.yaml:2: id: "news" is already used by news.yaml; each channel needs its own',
      'z.yaml:1: name: "daily news" is already used by news.yaml; each channel needs its own',
    ]);
  });
});

/** A folder in memory whose changes are told by hand. */
function folder(files: ChannelFile[]) {
  const problems: LockstepError[] = [];
  let tell = () => {};
  let isWatched = true;
  return {
    files,
    problems,
    isWatched: () => isWatched,
    change: () => tell(),
    open: () =>
      openChannels({
        read: async () => files,
        watch: (onChange) => {
          tell = onChange;
          return {
            [Symbol.dispose]() {
              isWatched = false;
            },
          };
        },
        onProblem: (problem) => problems.push(problem),
      }),
  };
}

describe("openChannels", () => {
  it("refuses to start with bad files, and names all problems", async () => {
    const world = folder([news, { name: "bad.yaml", text: "id: UP\n" }]);
    await expect(world.open()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/2 problems:\n {2}bad\.yaml:1: id: [\s\S]*\n {2}bad\.yaml:1: name: /),
    });
  });

  it("takes up changes, and keeps the last good channels while a file is broken", async () => {
    const world = folder([news]);
    using channels = await world.open();
    const names = () => channels.current().map(({ name }) => name);
    world.files.push({ name: "two.yaml", text: "id: two\nname: Two\n" });
    await channels.reload();
    expect(names()).toEqual(["Daily News", "Two"]);
    world.files[0] = { name: "news.yaml", text: "id: news" };
    world.change();
    await channels.reload();
    expect(names()).toEqual(["Daily News", "Two"]);
    expect(world.problems[0]?.message).toContain("news.yaml:1: name:");
    world.files[0] = { name: "news.yaml", text: "id: news\nname: News\n" };
    await channels.reload();
    expect(names()).toEqual(["News", "Two"]);
  });

  it("stops watching when it is closed", async () => {
    const world = folder([news]);
    (await world.open())[Symbol.dispose]();
    expect(world.isWatched()).toBe(false);
  });
});

it("readChannelFolder reads the YAML files of a folder, by name", async () => {
  const path = await mkdtemp(join(tmpdir(), "lockstep-channels-"));
  try {
    for (const name of ["b.yml", "a.yaml", "notes.txt"]) await writeFile(join(path, name), `id: ${name}`);
    expect(await readChannelFolder(path)).toEqual([
      { name: "a.yaml", text: "id: a.yaml" },
      { name: "b.yml", text: "id: b.yml" },
    ]);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
});
