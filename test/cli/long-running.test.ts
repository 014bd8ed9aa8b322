import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DemoOptions } from "../../src/app/demo.ts";
import { folderWith } from "../config/folder.ts";
import { fakeLockstep } from "./fake-lockstep.ts";
import { run } from "./harness.ts";

describe("emulator", () => {
  it("prints where it is, stays up until stopped, and closes", async () => {
    const stopping = new AbortController();
    const seen: unknown[] = [];
    const startEmulator = async (request: unknown) => {
      seen.push(request);
      return {
        url: "http://127.0.0.1:4000",
        token: "ntn_dummy",
        snapshot: () => ({ taken: true }),
        close: async () => {
          seen.push("closed");
        },
      };
    };
    const options = {
      files: { "seed.json": '{"people":[]}' },
      signal: stopping.signal,
      deps: { startEmulator },
      onStdout: () => stopping.abort(),
    };
    const argv = ["emulator", "--port", "4000", "--rate", "60", "--seed", "seed.json"];
    const { exitCode, stdout } = await run(await fakeLockstep(), argv, options);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("export NOTION_BASE_URL=http://127.0.0.1:4000\nexport NOTION_TOKEN=ntn_dummy\n");
    const host = "127.0.0.1";
    expect(seen).toEqual([{ port: 4000, ratePerMinute: 60, host, seed: { people: [] } }, "closed"]);
  });

  it("leaves a snapshot behind when asked to, and starts from one", async () => {
    await using folder = await folderWith({ "before.json": '{"taken":"before"}' });
    const file = join(folder.path, "after.json");
    const seen: unknown[] = [];
    const startEmulator = async (request: unknown) => {
      seen.push(request);
      return { url: "", token: "", snapshot: () => ({ taken: true }), close: async () => undefined };
    };
    const argv = ["emulator", "--restore", join(folder.path, "before.json"), "--snapshot", file];
    const options = { signal: AbortSignal.abort(), deps: { startEmulator } };
    expect((await run(await fakeLockstep(), argv, options)).exitCode).toBe(0);
    expect(seen).toMatchObject([{ snapshot: { taken: "before" } }]);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ taken: true });
  });

  it.each([
    [["emulator", "--seed", "none.json"], "--seed: cannot read"],
    [["emulator", "--faults", "broken.json"], "line 2, column 1"],
    [["emulator", "--restore", "none.json"], "--restore: cannot read"],
    [["emulator", "--clock", "yesterday"], "--clock: expected an ISO 8601 time"],
    [["emulator", "--port", "70000"], "--port: expected a whole number from 0 to 65535"],
  ])("refuses %j", async (argv, expected) => {
    const { exitCode, stderr } = await run(await fakeLockstep(), argv, { files: { "broken.json": "[\n" } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(expected);
  });
});

describe("demo", () => {
  it.each([
    [true, 0],
    [false, 1],
  ])("prints what happens and exits by its checks (ok: %s)", async (ok, expected) => {
    const runDemo = async ({ isOnce, onEvent }: DemoOptions) => {
      onEvent({ kind: "heading", title: `hello, once ${isOnce}`, lines: ["a line"] });
      return { ok, checks: [], runs: [] };
    };
    const text = await run(await fakeLockstep(), ["demo", "--once"], { deps: { runDemo } });
    expect(text).toEqual({ exitCode: expected, stdout: "\n── hello, once true\n   a line\n", stderr: "" });
    const json = await run(await fakeLockstep(), ["demo", "--json"], { deps: { runDemo } });
    expect(json).toEqual({
      exitCode: expected,
      stdout: `{"ok":${ok},"checks":[],"runs":[]}\n`,
      stderr: "\n── hello, once true\n   a line\n",
    });
  });
});

describe("serve", () => {
  const env = { NOTION_TOKEN: "ntn_dummy", LOCKSTEP_ADMIN_TOKEN: "dummy-admin" };

  it("answers until stopped, then closes Lockstep", async () => {
    const fake = await fakeLockstep();
    const stopping = new AbortController();
    const health = Promise.withResolvers<unknown>();
    const onStdout = (text: string) => {
      const { url } = JSON.parse(text);
      health.resolve(fetch(`${url}/healthz`).then((response) => response.json()));
      health.promise.finally(() => stopping.abort());
    };
    const options = { signal: stopping.signal, env, onStdout };
    const { exitCode, stderr } = await run(fake, ["serve", "--port", "0", "--json"], options);
    expect(await health.promise).toMatchObject({ ok: true });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('"msg":"listening"');
    expect(stderr).not.toContain("dummy-admin");
    expect(fake.calls.map(({ name }) => name)).toEqual(["schedule", "close"]);
  });

  it("refuses to start without a Notion token when something is scheduled", async () => {
    const { exitCode, stderr } = await run(await fakeLockstep(), ["serve", "--port", "0"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("these syncs run by themselves: roadmap");
  });

  it("fails when the schedules stop by themselves", async () => {
    const fake = await fakeLockstep();
    fake.script.schedule = async () => {
      throw new Error("the store is gone");
    };
    const { exitCode, stderr } = await run(fake, ["serve", "--port", "0"], { env });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("schedules stopped");
  });

  it("refuses an address others can reach without an admin token", async () => {
    const argv = ["serve", "--host", "0.0.0.0", "--port", "0"];
    const { exitCode, stderr } = await run(await fakeLockstep(), argv, {
      env: { NOTION_TOKEN: "ntn_dummy" },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("LOCKSTEP_ADMIN_TOKEN");
  });
});

describe("main.ts", () => {
  const main = join(import.meta.dirname, "../../src/cli/main.ts");

  async function spawnMain(argv: readonly string[]) {
    const child = spawn(process.execPath, [...argv], { stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    const [exitCode] = await once(child, "close");
    return { exitCode, ...output };
  }

  it("runs as a program", async () => {
    const { exitCode, stdout } = await spawnMain([main, "--version"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("stops in good order on %s", async (signal) => {
    const child = spawn(process.execPath, [main, "emulator", "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(child.stdout, "data");
    const { url } = JSON.parse(String(line));
    expect((await fetch(url)).status).toBeGreaterThan(0);
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([0, null]);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("refuses an older Node before it imports anything", async () => {
    const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'24.15.9'}})";
    const { exitCode, stderr } = await spawnMain([
      "--import",
      `data:text/javascript,${encodeURIComponent(older)}`,
      main,
      "status",
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      "lockstep needs Node 24.16 or newer; this is 24.15.9. Get it from https://nodejs.org.\n",
    );
  });
});
