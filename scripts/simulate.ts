// npm run simulate -- --seeds 1000 [--from S] [--profile P] [--mutant M] [--store memory|sqlite] [--threads N] [--json]
// Runs the two-way engine against a simulated world. A failing seed is cut down, printed and kept as a regression (--keep).
// With --seed S one run is shown line by line; with --mutants all planted bugs are hunted.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { hunt } from "../test/simulation/hunt.ts";
import { mutants } from "../test/simulation/mutants.ts";
import { runPool, shrinkAside } from "../test/simulation/pool.ts";
import { profileNamed } from "../test/simulation/profiles.ts";
import { readRegressions, writeRegression } from "../test/simulation/regressions.ts";
import { renderFailure } from "../test/simulation/report.ts";
import { stores } from "../test/simulation/run-seeds.ts";
import { shrink } from "../test/simulation/shrink.ts";
import { caseOf, type HowToRun, simulate } from "../test/simulation/simulate.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    profile: { type: "string", default: "swarm" },
    mutant: { type: "string" },
    mutants: { type: "boolean", default: false },
    store: { type: "string", default: "memory" },
    threads: { type: "string", default: String(availableParallelism()) },
    json: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const store = values.store === "sqlite" ? "sqlite" : "memory";
const threads = Number(values.threads);
const traced: HowToRun = { isTraced: true, openStore: stores[store] };
const profile = profileNamed(values.profile);

if (values.seed !== undefined) process.exitCode = await show(Number(values.seed));
else if (values.mutants) process.exitCode = await huntAll();
else if (values.mutant !== undefined) process.exitCode = await huntOne(values.mutant);
else process.exitCode = await soak();

/** One seed, with everything that happened. */
async function show(seed: number): Promise<number> {
  const what = caseOf(seed, profile);
  const result = await simulate(what, traced);
  console.log(result.lines.join("\n"));
  console.log(renderFailure(what, { ...result, lines: [] }));
  return result.violations.length > 0 ? 1 : 0;
}

/** Regressions first, then fresh seeds until one fails. */
async function soak(): Promise<number> {
  for (const regression of readRegressions()) {
    const result = await simulate(regression.case, traced);
    if (result.violations.length === 0) continue;
    console.log(`regression ${regression.name}\n${renderFailure(regression.case, result)}`);
    return 1;
  }
  const from = Number(values.from);
  const to = from + Number(values.seeds);
  const startedAt = performance.now();
  const done = { seeds: 0, edits: 0, calls: 0, events: 0, failed: [] as number[] };
  await runPool({ from, to, profile: values.profile, mutant: null, store, threads }, (report) => {
    done.seeds += 1;
    done.edits += report.edits;
    done.calls += report.calls;
    done.events += report.events;
    if (report.violations.length > 0) done.failed.push(report.seed);
    if (!values.json && done.seeds % 200 === 0)
      console.error(`${done.seeds} seeds, ${perMinute(done.seeds, startedAt)}/min`);
    return done.failed.length > 0;
  });
  const summary = { ...done, seedsPerMinute: perMinute(done.seeds, startedAt) };
  console.log(values.json ? JSON.stringify(summary) : JSON.stringify(summary, null, 1));
  const [failed] = done.failed.sort((a, b) => a - b);
  if (failed === undefined) return 0;
  await explain(failed);
  return 1;
}

async function explain(seed: number): Promise<void> {
  const { case: smallest, result, runs } = await shrink(caseOf(seed, profile), traced);
  console.log(
    `seed ${seed} (profile ${values.profile}), cut down in ${runs} runs:\n${renderFailure(smallest, result)}`,
  );
  const [violation] = result.violations;
  if (!values.keep || violation === undefined) return;
  const name = `${values.profile}-${seed}`;
  const kept = { name, invariant: violation.invariant, message: violation.message, case: smallest };
  console.log(`kept as ${writeRegression(kept)}`);
}

async function huntOne(name: string): Promise<number> {
  const catchOf = await hunt(name, {
    from: Number(values.from),
    seedsMax: Number(values.seeds),
    store,
    threads,
  });
  console.log(JSON.stringify(catchOf));
  const { seed, profile: weather } = catchOf;
  if (values.keep && seed !== null)
    console.log(
      `kept as ${writeRegression(await shrinkAside({ profile: weather, mutant: name, store, shrinks: seed }))}`,
    );
  return catchOf.caughtBy === null ? 1 : 0;
}

async function huntAll(): Promise<number> {
  let survivors = 0;
  for (const { name } of mutants) survivors += await huntOne(name);
  return survivors === 0 ? 0 : 1;
}

function perMinute(count: number, startedAt: number): number {
  return Math.round((count / (performance.now() - startedAt)) * 60_000);
}
