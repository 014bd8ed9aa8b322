import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { systemIds } from "../../src/app/platform.ts";
import { readExport } from "../../src/recipes/library/exports/read-export.ts";
import { writeExport } from "../../src/recipes/library/exports/write-export.ts";
import { sampleExport } from "../../src/recipes/library/sample.ts";
import { runHere } from "./local/run-here.ts";

// Starts one execution for each sample book: in a stage that is deployed, or with --local here.

const { values } = parseArgs({
  options: {
    local: { type: "boolean", default: false },
    /** Of a deployed stage: the output StateMachineArn. */
    machine: { type: "string" },
    /** Another export; without it the four sample books. */
    file: { type: "string" },
  },
});

const inputs = await sampleInputs(values.file);
if (values.local) await runHere(inputs);
else if (values.machine === undefined) {
  console.error(
    "Name the state machine of a deployed stage with --machine ARN, or run it here with --local.",
  );
  process.exitCode = 2;
} else await start(values.machine, inputs);

async function start(stateMachineArn: string, all: readonly { readonly text: string }[]): Promise<void> {
  const [, , , region] = stateMachineArn.split(":");
  const client = new SFNClient({ ...(region === undefined ? {} : { region }) });
  try {
    for (const input of all) {
      const command = new StartExecutionCommand({
        stateMachineArn,
        name: systemIds.next(),
        input: JSON.stringify(input),
      });
      console.log((await client.send(command)).executionArn);
    }
  } catch (error) {
    console.error(
      `Step Functions did not start it: ${error instanceof Error ? error.message : String(error)}`,
    );
    process.exitCode = 1;
  }
}

/** An export of one book each. */
async function sampleInputs(file: string | undefined) {
  const bytes = file === undefined ? new TextEncoder().encode(sampleExport) : await readFile(file);
  const { books, problems } = await readExport(
    (async function* () {
      yield bytes;
    })(),
  );
  if (problems.length > 0) throw new Error(`${file ?? "the sample"}: ${JSON.stringify(problems[0])}`);
  return books.map((book) => ({ name: `${book.asin}.csv`, text: [...writeExport([book])].join("") }));
}
