import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { routes } from "../../src/emulator/api/routes.ts";
import { call, startQuiet } from "./harness.ts";

interface Endpoint {
  readonly method: string;
  readonly template: string;
  readonly isServed: boolean;
  readonly versions: string;
}

/** The endpoints of the table in docs/emulator.md. */
function documented(): Endpoint[] {
  const text = readFileSync(new URL("../../docs/emulator.md", import.meta.url), "utf8");
  const rows = text.matchAll(
    /^\| `(GET|POST|PATCH|DELETE) (\/[^`]*)` \| (served|left out: account administration) \|([^|]*)\|/gm,
  );
  return [...rows].map(([, method = "", template = "", state, versions = ""]) => ({
    method,
    template,
    isServed: state === "served",
    versions: versions.trim(),
  }));
}

const id = "00000000-0000-4000-8000-000000000000";

describe("the table of endpoints in the documentation", () => {
  it("says served of exactly the routes there are, with their versions", () => {
    const served = documented()
      .filter((endpoint) => endpoint.isServed)
      .map(({ method, template, versions }) => `${method} ${template} ${versions}`);
    const actual = routes.map(
      ({ method, template, versions }) => `${method} ${template} ${rangeOf(versions)}`,
    );
    expect(served.toSorted()).toEqual(actual.toSorted());
  });

  const missing = documented().filter((endpoint) => !endpoint.isServed);

  it(`answers the ${missing.length} endpoints left out like unknown URLs`, async () => {
    await using emulator = await startQuiet();
    expect(missing.length).toBeGreaterThan(0);
    for (const { method, template } of missing) {
      const answer = await call(emulator, `${method} /v1${template.replaceAll(/\{\w+\}/g, id)}`);
      expect([template, answer.status, answer.body.code]).toEqual([template, 400, "invalid_request_url"]);
    }
  });
});

function rangeOf(versions: readonly string[]): string {
  if (versions.length === 3) return "all";
  return versions.length === 1 ? `until ${versions[0]}` : `from ${versions[0]}`;
}
