import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { describePairs } from "../../src/store/suite/pairs.suite.ts";
import { temporaryFolder } from "./folder.ts";

describePairs("pairs of the memory store", async ({ ids }) => createMemoryStore({ ids }));

describePairs("pairs of the sqlite store in memory", ({ ids }) => openSqliteStore({ path: ":memory:", ids }));

describePairs("pairs of the sqlite store in a file", async ({ ids }) => {
  const folder = await temporaryFolder();
  const store = await openSqliteStore({ path: folder.path("store.db"), ids });
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
});
