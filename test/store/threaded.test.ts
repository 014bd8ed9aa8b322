import { describe, expect, it } from "vitest";
import { openServingStore } from "../../src/app/stores.ts";
import { describeStore } from "../../src/store/store.suite.ts";
import { describePairs } from "../../src/store/suite/pairs.suite.ts";
import { inboxEvent } from "../../src/store/suite/pairs-case.ts";
import { temporaryFolder } from "./folder.ts";

async function openInFolder() {
  const folder = await temporaryFolder();
  const store = await openServingStore(`sqlite:${folder.path("store.db")}`);
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describeStore("sqlite store in a thread", openInFolder);

describePairs("pairs of the sqlite store in a thread", openInFolder);

describe("a store in a thread", () => {
  it("says what keeps it from opening", async () => {
    await expect(openServingStore("sqlite:/nowhere/at/all.db")).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("/nowhere/at/all.db"),
    });
  });

  it("finishes what was asked before it is closed, can be closed twice, and says so when it is used after", async () => {
    await using store = await openInFolder();
    const asked = store.pairs.listInbox("pair", 10);
    await Promise.all([store.close(), store.close()]);
    expect(await asked).toEqual([]);
    await expect(store.getRun("x")).rejects.toMatchObject({ code: "STORE_FAILED" });
    await expect(store.pairs.putInbox([inboxEvent("a")])).rejects.toMatchObject({ code: "STORE_FAILED" });
  });
});
