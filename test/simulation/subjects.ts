import { plainFields } from "./fields.ts";
import type { Options } from "./options.ts";
import { pipelineBoard } from "./pipeline/subject.ts";
import { planningBoard } from "./planning/subject.ts";
import type { Subject } from "./subject.ts";

const subjects: Readonly<Partial<Record<Options["subject"], Subject>>> = {
  fields: plainFields,
  pipeline: pipelineBoard,
  planning: planningBoard,
};

export function subjectOf({ subject }: Pick<Options, "subject">): Subject {
  const found = subjects[subject];
  if (found === undefined) throw new RangeError(`a ${subject} is more than one pair`);
  return found;
}
