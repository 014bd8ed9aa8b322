import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["test/**/*.test.ts"],
    // The functions bundled and the stack synthesised, once for all.
    globalSetup: ["./test/support/global-setup.ts"],
    pool: "threads",
    isolate: false,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    allowOnly: false,
  },
});
