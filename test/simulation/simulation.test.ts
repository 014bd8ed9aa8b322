import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hunt } from "./hunt.ts";
import { mutants } from "./mutants.ts";
import { mutated } from "./mutate.ts";
import { runPool, type SeedsReport } from "./pool.ts";
import { profileNamed } from "./profiles.ts";
import { readRegressions } from "./regressions.ts";
import { renderFailure } from "./report.ts";
import { shrink } from "./shrink.ts";
import { caseOf, inMemory, simulate } from "./simulate.ts";

/** Fresh seeds: `LOCKSTEP_SEEDS_FROM` moves on, `LOCKSTEP_SEEDS` says how many. */
const from = Number(process.env.LOCKSTEP_SEEDS_FROM ?? 100_000);
const count = Number(process.env.LOCKSTEP_SEEDS ?? 1_000);
const threads = 2;
/** Planted bugs that a few seeds find; `npm run simulate -- --mutants` hunts them all. */
const quickest = [
  "no-marker-lookup",
  "no-settle-wait",
  "no-overlap",
  "set-replaced",
  "no-precondition",
  "invalid-queued",
  "board-overrules",
  "texts-overwritten",
  "finer-status-lost",
  "retry-left-behind",
  "moved-head-merged",
  "unmanaged-label-lost",
  "finished-follow",
];
const traced = { ...inMemory, isTraced: true };

describe("the two-way engine in a simulated world", () => {
  for (const regression of readRegressions()) {
    it(`keeps ${regression.invariant}: ${regression.name}`, async () => {
      const result = await simulate(regression.case, traced);
      expect(renderFailure(regression.case, result)).toBe("nothing is wrong");
    });
  }

  it("I24 does the same twice, line by line", async () => {
    for (const seed of [3, 14, 159]) {
      const [once, again] = [await simulate(caseOf(seed), traced), await simulate(caseOf(seed), traced)];
      expect(again.lines).toEqual(once.lines);
      expect(again.hash).toBe(once.hash);
    }
    for (const profile of ["pipeline", "planning", "library"]) {
      const run = () => simulate(caseOf(15, profileNamed(profile)), traced);
      expect((await run()).lines).toEqual((await run()).lines);
    }
  });

  it.each([
    { profile: "swarm", share: 1 },
    { profile: "pipeline", share: 1 / 20 },
    { profile: "pipelineRaces", share: 1 / 50 },
    { profile: "pipelineDoubts", share: 1 / 50 },
    { profile: "planning", share: 1 / 50 },
    { profile: "library", share: 1 / 125 },
    { profile: "libraryKills", share: 1 / 250 },
    { profile: "libraryCascades", share: 1 / 250 },
    { profile: "libraryShelves", share: 1 / 125 },
  ])(
    "keeps every invariant through fresh seeds of $profile",
    async ({ profile, share }) => {
      const failed: SeedsReport[] = [];
      const wanted = Math.ceil(count * share);
      let seeds = 0;
      const order = {
        from,
        to: from + wanted,
        profile,
        mutant: null,
        store: "memory" as const,
        threads,
      };
      await runPool(order, (report) => {
        seeds += 1;
        if (report.violations.length > 0) failed.push(report);
        return failed.length > 0;
      });
      const [first] = failed;
      if (first !== undefined) {
        const smallest = await shrink(caseOf(first.seed, profileNamed(profile)), traced);
        expect.fail(`seed ${first.seed}\n${renderFailure(smallest.case, smallest.result)}`);
      }
      expect(seeds).toBe(wanted);
    },
    10 * 60_000,
  );

  it.each(mutants)("$name can be planted: its text is there once", (mutant) => {
    const source = readFileSync(new URL(`../../${mutant.file}`, import.meta.url), "utf8");
    expect(mutated(source, mutant)).not.toBe(source);
  });

  it.each(quickest)(
    "finds the planted bug %s",
    async (name) => {
      const caught = await hunt(name, { from: 1, seedsMax: 400, store: "memory", threads });
      expect(caught.seeds).not.toBeNull();
    },
    5 * 60_000,
  );
});
