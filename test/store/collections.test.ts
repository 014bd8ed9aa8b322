import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { describeCollections } from "../../src/store/suite/collections.suite.ts";
import { temporaryFolder } from "./folder.ts";

describeCollections("collections of the memory store", async ({ ids }) => createMemoryStore({ ids }));

describeCollections("collections of the sqlite store in memory", ({ ids }) =>
  openSqliteStore({ path: ":memory:", ids }),
);

describeCollections("collections of the sqlite store in a file", async ({ ids }) => {
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
