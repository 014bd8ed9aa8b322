// node scripts/mutation.ts [FILE …]: plants faults in src/core, one at a time, and counts those that the tests of the
// core do not notice. StrykerJS is fetched into a temporary folder: it is needed seldom, and is no dependency of ours.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const packages = [
  "@stryker-mutator/core@10.1.1",
  "@stryker-mutator/vitest-runner@10.1.1",
  "vitest@5.1.0",
  "fast-check@4.10.2",
  "typescript@5",
];

/** Too slow to be run for every fault, and they would only notice more: the score is that of the plain tests. */
const slow = ["test/core/two-way/exhaustive.test.ts", "test/core/two-way/wide.test.ts"];

const stryker = {
  testRunner: "vitest",
  mutate: process.argv.length > 2 ? process.argv.slice(2) : ["src/core/**/*.ts"],
  reporters: ["clear-text", "progress-append-only"],
  coverageAnalysis: "perTest",
  concurrency: 2,
  timeoutMS: 20_000,
  clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
};

const vitest = `import { defineConfig } from "vitest/config";
export default defineConfig({
  test: { include: ["test/core/**/*.test.ts"], testTimeout: 60_000, pool: "threads", isolate: false },
});
`;

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "lockstep-mutation-"));
try {
  cpSync(join(root, "src/core"), join(folder, "src/core"), { recursive: true });
  cpSync(join(root, "test/core"), join(folder, "test/core"), {
    recursive: true,
    filter: (source) => !slow.some((path) => source === join(root, path)),
  });
  cpSync(join(root, "tsconfig.json"), join(folder, "tsconfig.json"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  writeFileSync(join(folder, "vitest.config.ts"), vitest);
  writeFileSync(join(folder, "stryker.config.json"), JSON.stringify(stryker));
  run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...packages]);
  run("npx", ["stryker", "run"]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${String(status)}`);
}
