import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { functionSpecs } from "../stack/functions.ts";

const bundles = inject("bundles");
const megabyte = 1024 * 1024;

describe("the bundles", () => {
  it("are one for each function, small, and with the stage's configuration", () => {
    expect(bundles.map(({ name }) => name).sort()).toEqual(Object.keys(functionSpecs).sort());
    for (const { folder, bytes } of bundles) {
      expect(bytes).toBeLessThan(3 * megabyte);
      expect(existsSync(join(folder, "lockstep.config.json"))).toBe(true);
    }
  });

  it.each(bundles.map((bundle) => [bundle.name, bundle] as const))(
    "%s has no driver that it does not need",
    (_, { inputs, folder }) => {
      const drivers = inputs.filter((input) =>
        /node_modules\/(pg|better-sqlite3|aws-cdk-lib|esbuild)\//.test(input),
      );
      expect(drivers).toEqual([]);
      // Rooms that are left out are there by name only.
      const own = inputs.filter((input) => !input.startsWith("left-out:"));
      expect(
        own.filter((input) =>
          /src\/(store\/(sqlite|postgres|threaded)|connectors\/sql|emulator|cli|mcp)\//.test(input),
        ),
      ).toEqual([]);
      const code = readFileSync(join(folder, "index.mjs"), "utf8");
      expect(code).not.toMatch(/node:sqlite/);
    },
  );

  it("bring GitHub's client only where every recipe runs", () => {
    const withOctokit = bundles.filter(({ inputs }) =>
      inputs.some((input) => input.includes("@octokit/core")),
    );
    expect(withOctokit.map(({ name }) => name).sort()).toEqual(["api-webhook", "queue", "sync"]);
  });
});
