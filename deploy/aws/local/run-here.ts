import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemIds } from "../../../src/app/platform.ts";
import type { Json } from "../../../src/core/json.ts";
import { execute } from "./machine.ts";
import { openLocalStage } from "./stage.ts";
import { type Synthesised, synthesise } from "./synthesise.ts";

/** Runs the synthesised machine on this machine, one execution for each input: emulated Notion, DynamoDB of its own. */
export async function runHere(inputs: readonly Json[]): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "lockstep-local-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const stage = resources.use(await openLocalStage(await synthesiseDev(folder)));
  for (const input of inputs) {
    const { template, host } = stage;
    const { output, letters } = await execute(
      { machine: template.machine(), host },
      { name: systemIds.next(), input },
    );
    console.log(JSON.stringify({ output, letters }));
  }
  const rows = (id: string) => stage.emulator.workspace.rows(id).length;
  console.log(`${rows(stage.setup.books)} pages in Books, ${rows(stage.setup.series)} in Series.`);
}

/** The stage "dev" of cdk.json, bundled and synthesised into a folder. */
export async function synthesiseDev(folder: string): Promise<Synthesised> {
  const { context } = JSON.parse(await readFile(join(import.meta.dirname, "../cdk.json"), "utf8"));
  return synthesise(folder, { ...context, stage: "dev" });
}
