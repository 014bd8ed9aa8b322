import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemIds } from "../../../src/app/platform.ts";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import { execute } from "./machine.ts";
import { type LocalStage, openLocalStage } from "./stage.ts";
import { type Synthesised, synthesise } from "./synthesise.ts";

/** A file as an execution is started with it. */
interface LocalInput {
  readonly name: string;
  readonly text: string;
}

/** Runs the synthesised machine on this machine, one execution for each input: emulated Notion, DynamoDB of its own. */
export async function runHere(inputs: readonly LocalInput[]): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "lockstep-local-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  console.log('Bundling the functions and synthesising the stage "dev" …');
  const stage = resources.use(await openLocalStage(await synthesiseDev(folder)));
  const { template, host, setup } = stage;
  for (const input of inputs) {
    const { output, letters, invocations } = await execute(
      { machine: template.machine(), host },
      { name: systemIds.next(), input: { ...input } },
    );
    const steps = Object.values(invocations).reduce((sum, each) => sum + each, 0);
    console.log(`${input.name}: ${outcomeOf(output)}, in ${steps} invocations`);
    for (const letter of letters) console.log(`  dead letter: ${JSON.stringify(letter)}`);
    if (letters.length > 0) process.exitCode = 1;
  }
  console.log("In the emulated Notion now:");
  for (const [database, id] of [
    ["Series", setup.series],
    ["Books", setup.books],
  ] as const)
    console.log(`  ${database}: ${titlesIn(stage, id).join(", ")}`);
}

function outcomeOf(output: Json): string {
  const finished = isJsonObject(output) ? output.finished : null;
  const run = isJsonObject(finished) ? finished.run : null;
  const counts = isJsonObject(run) ? run.counts : null;
  if (!isJsonObject(run) || !isJsonObject(counts)) return "nothing was to be done";
  return `${String(run.status)}, ${String(counts.created)} made, ${String(counts.updated)} changed`;
}

function titlesIn({ emulator }: LocalStage, id: string): readonly string[] {
  return emulator.workspace.rows(id).map(({ properties }) => {
    const title = properties.Title ?? properties.Name;
    const parts: readonly Json[] = Array.isArray(title) ? title : [];
    return parts.map((part) => (isJsonObject(part) ? String(part.plain_text) : "")).join("");
  });
}

/** The stage "dev" of cdk.json, bundled and synthesised into a folder. */
export async function synthesiseDev(folder: string): Promise<Synthesised> {
  const { context } = JSON.parse(await readFile(join(import.meta.dirname, "../cdk.json"), "utf8"));
  return synthesise(folder, { ...context, stage: "dev" });
}
