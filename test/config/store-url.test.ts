import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import { absoluteStoreUrl, storeKindOf, storeUrlProblem } from "../../src/config/store-url.ts";
import type { Json } from "../../src/core/json.ts";

const withStore = (store: Json): Json => ({
  store,
  backup: { databases: [{ notionDatabaseId: "0".repeat(32), projectScopeId: "team" }] },
});
const file = "/srv/app/lockstep.config.json";

describe("a store's address", () => {
  it.each([
    ["sqlite:lockstep.db", "sqlite", "sqlite:/srv/app/lockstep.db"],
    ["sqlite://lockstep.db", "sqlite", "sqlite:/srv/app/lockstep.db"],
    ["sqlite:/var/lib/a.db", "sqlite", "sqlite:/var/lib/a.db"],
    ["postgres://lockstep@db:5432/lockstep", "postgres", "postgres://lockstep@db:5432/lockstep"],
    [
      "postgresql://db/lockstep?sslmode=verify-full",
      "postgres",
      "postgresql://db/lockstep?sslmode=verify-full",
    ],
  ])("%s is taken", (url, kind, absolute) => {
    expect(storeUrlProblem(url)).toBeNull();
    expect(storeKindOf(url)).toBe(kind);
    expect(absoluteStoreUrl(url, "/srv/app")).toBe(absolute);
    expect(resolveConfig(withStore(url), file).store).toBe(absolute);
  });

  it.each([
    ["mysql://x/y", /expected "sqlite:" and a path/],
    ["sqlite:", /expected "sqlite:" and a path/],
    ["sqlite::memory:", /gone when the command ends/],
    ["postgres:lockstep", /expected postgres:\/\//],
    ["postgres://[/x", /write characters that have a meaning/],
    ["postgres://db", /name of the database is missing/],
    ["postgres://db/", /name of the database is missing/],
  ])("%s is refused", (url, problem) => {
    expect(storeUrlProblem(url)).toMatch(problem);
    expect(() => resolveConfig(withStore(url), file)).toThrow(problem);
  });

  it.each(["postgres://u:hunter2@db/x", "postgres://db/x?user=u&password=hunter2"])(
    "%s is refused in a configuration without showing the password",
    (url) => {
      try {
        resolveConfig(withStore(url), file);
        expect.unreachable();
      } catch (error) {
        expect(String(error)).toContain("set PGPASSWORD in the environment");
        expect(String(error)).not.toContain("hunter2");
      }
    },
  );
});
