import { describe, expect, it } from "vitest";
import type { StoreCopyReport, StoreCopyRequest } from "../../src/app/store-copy.ts";
import { LockstepError } from "../../src/core/errors.ts";
import { fakeLockstep } from "./fake-lockstep.ts";
import { run } from "./harness.ts";

const content = { rows: 12, sha256: "ab".repeat(32) };

function reportOf(isEqual: boolean): StoreCopyReport {
  const to = isEqual ? content : { rows: 12, sha256: "cd".repeat(32) };
  return {
    from: "sqlite:/a.db",
    to: "postgres://u@db/x",
    isEqual,
    tables: [{ table: "tasks", from: content, to, isEqual }],
  };
}

const copyArguments = ["store", "copy", "--from", "sqlite:a.db", "--to", "postgres://u:hunter2@db/x"];

describe("lockstep store copy", () => {
  it("prints counts and hashes of both sides, and exits with 0 when they are equal", async () => {
    const requests: StoreCopyRequest[] = [];
    const copyStore = async (request: StoreCopyRequest) => {
      requests.push(request);
      return reportOf(true);
    };
    const { exitCode, stdout, stderr } = await run(await fakeLockstep(), copyArguments, {
      deps: { copyStore },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/tasks +12 +12 +abababababababab +abababababababab +equal/);
    expect(stdout + stderr).not.toContain("hunter2");
    expect(requests[0]?.from).toMatch(/^sqlite:\/.+\/a\.db$/);
    expect(requests[0]?.to).toBe("postgres://u:hunter2@db/x");
  });

  it("says which table differs, and exits with 1", async () => {
    const deps = { copyStore: async () => reportOf(false) };
    const text = await run(await fakeLockstep(), copyArguments, { deps });
    expect(text.exitCode).toBe(1);
    expect(text.stdout).toMatch(/tasks .*DIFFERENT[\s\S]*NOT like its source/);
    const json = await run(await fakeLockstep(), [...copyArguments, "--json"], { deps });
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toEqual({ ok: false, ...reportOf(false) });
  });

  it("tells how far it is every few seconds, on stderr", async () => {
    let seconds = 0;
    const copyStore = async ({ onProgress }: StoreCopyRequest) => {
      for (seconds = 1; seconds <= 11; seconds += 1) {
        onProgress?.({ phase: "copying", table: "tasks", rows: seconds * 100, rowsExpected: 1100 });
      }
      onProgress?.({ phase: "checking", table: "runs", rows: 0, rowsExpected: 3 });
      return reportOf(true);
    };
    const deps = { copyStore, now: () => seconds * 1000 };
    const { stderr } = await run(await fakeLockstep(), copyArguments, { deps });
    expect(stderr).toBe("copying tasks: 500 of 1100 rows\ncopying tasks: 1000 of 1100 rows\n");
  });

  it.each([
    [["store", "copy", "--from", "sqlite:a.db"], "--to"],
    [["store", "copy", "--from", "x", "--to", "sqlite:b.db"], '--from: expected "sqlite:" and a path'],
    [
      ["store", "copy", "--from", "sqlite:a.db", "--to", "postgres://u:hunter2@"],
      "--to: expected postgres://",
    ],
    [["store"], "No command given"],
    [["store", "drop"], "drop"],
  ])("%j is a mistake in what was typed", async (argv, says) => {
    const { exitCode, stderr } = await run(await fakeLockstep(), argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("hunter2");
  });
});

describe("lockstep store migrate", () => {
  it("says from which schema to which", async () => {
    for (const [from, says] of [
      [1, "schema 1 → 2"],
      [2, "schema 2, up to date"],
    ] as const) {
      const migrateStore = async (store: string) => ({ store, from, to: 2 });
      const { exitCode, stdout } = await run(await fakeLockstep(), ["store", "migrate"], {
        deps: { migrateStore },
      });
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^sqlite:\/.*lockstep\.db: /);
      expect(stdout).toContain(says);
    }
  });

  it("fails as any command does", async () => {
    const deps = { migrateStore: () => Promise.reject(new LockstepError("STORE_FAILED", "no luck")) };
    const { exitCode, stderr } = await run(await fakeLockstep(), ["store", "migrate"], { deps });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("no luck");
  });
});
