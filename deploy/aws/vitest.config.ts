import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["test/**/*.test.ts"],
    // The functions bundled and the stack synthesised, once for all; and a Postgres for who asks for it.
    globalSetup: ["./test/support/global-setup.ts", "../../test/support/global-setup.ts"],
    pool: "threads",
    isolate: false,
    // Each of them waits for its turns at Notion: two at a time keep two cores busy.
    maxWorkers: 2,
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    allowOnly: false,
  },
});
