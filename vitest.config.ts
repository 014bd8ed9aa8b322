import { defineConfig } from "vitest/config";

// Threads without isolation: fifteen times faster than a process per file. Tests clean up after themselves.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // One Postgres for all test files, started when the first of them asks for it.
    globalSetup: ["./test/support/global-setup.ts"],
    pool: "threads",
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
  },
});
