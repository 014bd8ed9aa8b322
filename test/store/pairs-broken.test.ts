import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/app/platform.ts";
import { openDynamoStore } from "../../src/store/dynamodb/open.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { checkCase, type OpenStore } from "../../src/store/store.suite.ts";
import { pairCases } from "../../src/store/suite/pairs.suite.ts";
import { createStage } from "../support/dynamodb.ts";
import { broken } from "./planted/pairs.ts";

const stores: readonly (readonly [string, OpenStore])[] = [
  ["in memory", async ({ ids }) => createMemoryStore({ ids })],
  ["on DynamoDB", async ({ ids }) => openDynamoStore({ url: await createStage(), ids, clock: systemClock })],
];

describe.each(stores)("the suite notices a pair store %s that", (_, open) => {
  it.each(broken)(
    "$fault",
    async ({ noticedBy, spoil }) => {
      const noticing = pairCases.filter(({ name }) => name === noticedBy);
      expect(noticing).toHaveLength(1);
      const checks = noticing.map((each) =>
        checkCase(each, async (options) => {
          const store = await open(options);
          return { ...store, pairs: { ...store.pairs, ...spoil(store.pairs, store) } };
        }),
      );
      await expect(Promise.all(checks)).rejects.toMatchObject({ name: "AssertionError" });
      // One of them needs thousands of links.
    },
    240_000,
  );
});
