import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { describeStore } from "../../src/store/store.suite.ts";
import { temporaryFolder } from "./folder.ts";

describeStore("memory store", async ({ ids }) => createMemoryStore({ ids }));

describeStore("sqlite store in memory", ({ ids }) => openSqliteStore({ path: ":memory:", ids }));

describeStore("sqlite store in a file", async ({ ids }) => {
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
