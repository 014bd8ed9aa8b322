import { expect, it } from "vitest";
import { systemIds } from "../../src/app/platform.ts";

it("ids of one process sort as they were made, however many a millisecond", () => {
  const ids = Array.from({ length: 20_000 }, () => systemIds.next());
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  const version7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(ids.filter((id) => !version7.test(id))).toEqual([]);
});
