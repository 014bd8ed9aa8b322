import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Where the files are that run for half a minute and more: begun last, they would run on while all else has ended. */
const longest = /\/test\/(?:e2e|simulation)\//;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const [long, short] = [true, false].map((isLong) =>
      files.filter(({ moduleId }) => longest.test(moduleId) === isLong),
    );
    return [...(await super.sort(long ?? [])), ...(await super.sort(short ?? []))];
  }
}

// Threads without isolation: fifteen times faster than a process per file. Tests clean up after themselves.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // One Postgres for all test files, started when the first of them asks for it.
    globalSetup: ["./test/support/global-setup.ts"],
    pool: "threads",
    isolate: false,
    // The long files mostly wait for servers that they started and killed: one more worker than cores keeps these busy.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    // Nothing is measured by it: the longest take 40 s on two cores that nobody else uses.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    allowOnly: false,
  },
});
