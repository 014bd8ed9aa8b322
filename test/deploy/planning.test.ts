import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { resolveConfig } from "../../src/config/resolve.ts";
import { cronProblem } from "../../src/config/schedule.ts";
import { planningPairs } from "../../src/recipes/planning/config.ts";
import { PlanningWorld, repository } from "../app/planning-world.ts";
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

  test("its script syncs both sides, tells the report, and does not fail for conflicts", async () => {
    await using world = await PlanningWorld.open();
    await world.init();
    world.addRow("From the action");
    await writeFile(join(world.folder, "lockstep.config.json"), JSON.stringify(world.written));
    const script = (await action()).runs.steps.find(({ id }) => id === "sync")?.run ?? "";
    // In place of npm's: the program of this checkout.
    const bin = join(world.folder, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "npx"), `#!/bin/sh\nshift 2\nexec "${process.execPath}" "${entry}" "$@"\n`);
    await chmod(join(bin, "npx"), 0o755);
    const output = join(world.folder, "output");
    await run("bash", ["-c", script], {
      cwd: world.folder,
      env: {
        ...{
          PATH: `${bin}:${process.env.PATH}`,
          HOME: world.folder,
          RUNNER_TEMP: world.folder,
          GITHUB_OUTPUT: output,
        },
        ...{
          CONFIG: "lockstep.config.json",
          SYNC: "planning",
          FULL: "false",
          ACCEPT: "true",
          VERSION: "latest",
        },
        ...{ NOTION_TOKEN: world.notion.token, GITHUB_TOKEN: world.github.token, LOCKSTEP_MARKER_KEY: "" },
        ...{ NOTION_BASE_URL: world.notion.url, GITHUB_API_URL: world.github.url },
      },
    });
    expect(world.github.people.issues(repository).map(({ title }) => title)).toEqual(["From the action"]);
    expect(await read(output)).toMatch(
      /^report<<LOCKSTEP_END_OF_REPORT\n\{[\s\S]*"succeeded"[\s\S]*\nLOCKSTEP_END_OF_REPORT\n$/,
    );
  });
});

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
  });
});

describe("the container", () => {
  test("is built of what is there, runs as nobody in particular, and holds no secret", async () => {
    const lines = (await read(join(examples, "container/Containerfile"))).split("\n");
    const copied = lines.flatMap((line) => /^COPY (?!--from)(.+) \S+$/.exec(line)?.[1]?.split(" ") ?? []);
    const there = await readdir(root);
    expect(copied.filter((name) => !there.includes(name))).toEqual([]);
    const { version } = parse(await read(join(root, "package.json"))).engines.node.match(
      /(?<version>\d+)/,
    ).groups;
    for (const line of lines.filter((each) => each.startsWith("FROM ")))
      expect(line).toContain(`node:${version}-`);
    expect(lines.lastIndexOf("USER node")).toBeGreaterThan(
      lines.findLastIndex((line) => line.startsWith("FROM ")),
    );
    expect(lines.filter((line) => /^(ENV|ARG) .*(TOKEN|SECRET|KEY|PASSWORD)/.test(line))).toEqual([]);
    expect(lines.find((line) => line.startsWith("CMD "))).toBe(
      'CMD ["serve", "--host", "0.0.0.0", "--port", "8484"]',
    );
  });
});

describe("the function", () => {
  test("takes every secret from a variable that is marked as one, and leaves no variable unused", async () => {
    const text = await read(join(examples, "terraform/main.tf"));
    const code = text
      .replace(/#.*$/gm, "")
      .replace(/"(?:[^"\\]|\\.)*"/g, (quoted) =>
        quoted.includes("${") ? quoted.replaceAll(/[{}]/g, " ") : '""',
      );
    for (const [open, close] of ["{}", "[]", "()"])
      expect(code.split(open ?? "").length).toBe(code.split(close ?? "").length);
    const variables = new Map(
      [...text.matchAll(/^variable "(\w+)" \{([\s\S]*?)^\}/gm)].map(([, name, body]) => [name, body ?? ""]),
    );
    const used = new Set([...text.matchAll(/var\.(\w+)/g)].map(([, name]) => name));
    expect([...used].toSorted()).toEqual([...variables.keys()].toSorted());
    for (const [name, body] of variables) {
      if (!/token|password|key/.test(name ?? "")) continue;
      expect(body).toMatch(/sensitive\s+= true/);
      expect(body).not.toMatch(/default/);
    }
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
