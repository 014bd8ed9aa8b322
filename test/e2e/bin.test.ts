import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readVersion } from "../../src/app/version.ts";
import { folderWith } from "../config/folder.ts";
import { run, start } from "./cli.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const script = join(repository, "bin/lockstep.js");

/** The Node of this machine, older than the pinned one or not; without any, the one that runs the tests. */
const systemNode =
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, "node"))
    .find(isExecutable) ?? process.execPath;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

describe.each([
  ["the machine's Node", systemNode],
  ["the pinned Node", process.execPath],
])("bin/lockstep.js started by %s", (_name, node) => {
  it("prints the version", async () => {
    const ended = await run(["--version"], { cwd: "/", node, script });
    expect(ended).toEqual({ exitCode: 0, stdout: `${readVersion()}\n`, stderr: "" });
  });

  it("hands on arguments and exit codes", async () => {
    await using folder = await folderWith({ "lockstep.config.json": "{" });
    const { exitCode, stdout, stderr } = await run(["sync", "--allow-deletes", "3"], {
      cwd: folder.path,
      node,
      script,
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("line 1, column 2");
  });

  it("stops when it is asked to, and lets nothing run on", async () => {
    await using emulator = start(["emulator", "--json"], { cwd: "/", node, script });
    const { url } = JSON.parse(await emulator.firstLine());
    expect((await fetch(`${url}/_emulator/state`)).status).toBe(200);
    emulator.kill("SIGTERM");
    expect(await emulator.ended).toMatchObject({ exitCode: 0 });
    await expect(fetch(`${url}/_emulator/state`)).rejects.toThrow();
  });
});

describe("npm run lockstep", () => {
  it("passes on what follows the two dashes", async () => {
    const { stdout } = await promisify(execFile)("npm", ["run", "lockstep", "--", "--version"], {
      cwd: repository,
    });
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(readVersion());
  });
});
