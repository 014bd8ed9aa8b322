import type { ImportFile } from "../../../src/app/library-report.ts";
import { LockstepError } from "../../../src/core/errors.ts";
import { booksPerExecution } from "../machine.ts";
import { stepHandler } from "../runtime/step.ts";

interface Begin {
  /** What the execution was started with: a small file as text, or an import that is kept already, by its id. */
  readonly input: {
    readonly importId?: string;
    readonly batch?: number;
    readonly name?: string;
    readonly text?: string;
  };
  /** The execution's own name: the id of an import that has none. */
  readonly execution: string;
}

export const handler = stepHandler<Begin, unknown>(async (steps, { input, execution }, { signal }) => {
  const { importId = execution, batch = 1, name = "execution", text } = input;
  if (text !== undefined) {
    const { format } = await steps.keep(importId, fileOf(name, text), readOptions);
    if (format === null)
      throw new LockstepError("USAGE", `"${name}" is no export of a library that Lockstep knows.`);
  }
  return steps.begin({ importId, batch }, { batchMax: booksPerExecution, signal });
});

const readOptions = {
  isCommitted: true,
  isSynthesizing: false,
  withPodcasts: false,
  dateOrder: null,
  trigger: "steps",
} as const;

function fileOf(name: string, text: string): ImportFile {
  return {
    name,
    companion: null,
    async *chunks() {
      yield Buffer.from(text);
    },
  };
}
