import { expect, it } from "vitest";
import { LockstepError } from "../../src/core/errors.ts";

it("an error keeps what caused it, and has no cause of its own making", () => {
  const cause = new Error("the disk is full");
  expect(new LockstepError("STORE_FAILED", "Tried commit.", { cause })).toMatchObject({
    cause,
    retry: "never",
  });
  expect("cause" in new LockstepError("STORE_FAILED", "Tried commit.")).toBe(false);
});
