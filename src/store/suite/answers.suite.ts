import { expect } from "vitest";
import type { Json } from "../../core/json.ts";
import type { StoreCase } from "./case.ts";

const value: Json = {
  list: [1, 1.5, null, true, "Ünïcode \u0000 and \ud83d\ude00"],
  nested: { b: [], a: {} },
};

export const answerCases: readonly StoreCase[] = [
  {
    name: "gives back an answer as it was put, with its time, and none where there was none",
    async check({ answers }) {
      expect(await answers.get("a")).toBeNull();
      await answers.put("a", { value, expiresAt: 1_900_000_000_000 });
      await answers.put("b", { value: null, expiresAt: 0 });
      expect(await answers.get("a")).toEqual({ value, expiresAt: 1_900_000_000_000 });
      expect(await answers.get("b")).toEqual({ value: null, expiresAt: 0 });
    },
  },
  {
    name: "replaces an answer by a newer one to the same key, and no other",
    async check({ answers }) {
      for (const key of ["é", "e", "E", " e", "open-library:e|x"]) {
        await answers.put(key, { value: key, expiresAt: 1 });
      }
      await answers.put("e", { value: "new", expiresAt: 2 });
      expect(await answers.get("e")).toEqual({ value: "new", expiresAt: 2 });
      for (const key of ["é", "E", " e", "open-library:e|x"]) {
        expect(await answers.get(key)).toEqual({ value: key, expiresAt: 1 });
      }
    },
  },
];
