import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { failureOf } from "../../src/cli/failure.ts";
import { errorCodes, LockstepError } from "../../src/core/errors.ts";

const text = await readFile(join(import.meta.dirname, "../../docs/errors.md"), "utf8");
const sections = text.split(/^## /m).slice(1);
const io = {
  stdout: { write() {} },
  stderr: { write() {} },
  env: {},
  cwd: "/",
  isInteractive: false,
  signal: new AbortController().signal,
};

it("docs/errors.md has one section per code, in the order of the registry", () => {
  expect(sections.map((section) => section.split("\n")[0])).toEqual([...errorCodes]);
});

it.each(errorCodes.map((code, index) => [code, sections[index] ?? ""] as const))(
  "docs/errors.md explains %s, and gives the exit code the command line uses",
  (code, section) => {
    expect(section.length).toBeGreaterThan(80);
    const { exitCode } = failureOf(new LockstepError(code, "x"), io).result;
    expect(/Exit\s+code (\d)/.exec(section)?.[1] ?? "1").toBe(String(exitCode));
  },
);
