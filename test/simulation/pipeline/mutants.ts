import type { Mutant } from "../mutants.ts";

const pipeline = "src/recipes/pipeline";

/** Bugs in the pipeline's rules. */
export const pipelineMutants: readonly Mutant[] = [
  {
    name: "invalid-queued",
    rule: "an entry that is not complete is never queued",
    file: `${pipeline}/status-rule.ts`,
    search: 'return typeof to === "string" && stateOf(to) !== "draft" ? refuses(values) : null;',
    replace: "return refuses({});",
    profile: "pipelineCalm",
  },
  {
    name: "any-move-taken",
    rule: "only people's moves are taken into the table",
    file: `${pipeline}/status-rule.ts`,
    search: "if (problem !== null) return problem;",
    replace: "",
    profile: "pipelineCalm",
  },
  {
    name: "board-overrules",
    rule: "when board and table have both moved, the table wins",
    file: `${pipeline}/status-rule.ts`,
    search: 'policy: "right",',
    replace: 'policy: "left",',
    profile: "pipelineCalm",
  },
  {
    name: "texts-overwritten",
    rule: "what people wrote on the board is never overwritten",
    file: `${pipeline}/keep-peoples.ts`,
    search: 'return side === "right" && from !== null ?',
    replace: 'return side === "right" && from === "" ?',
    profile: "pipelineCalm",
  },
  {
    name: "finer-status-lost",
    rule: "a finer status that still means the same is left alone",
    file: `${pipeline}/status-rule.ts`,
    search: "toRight: statusToStep,",
    replace:
      'toRight: (status) => { const step = statusToStep(status); return stepToStatus(step.value ?? null).value === status ? step : { unmappable: "" }; },',
    profile: "pipelineCalm",
  },
  {
    name: "moves-overwritten-unseen",
    rule: "a status that people may move on is read before it is overwritten",
    file: `${pipeline}/status-rule.ts`,
    search: 'return side === "right" || state === undefined || canPeopleMove(moves, state);',
    replace: 'return side === "right";',
    profile: "pipelineRaces",
  },
  {
    name: "queued-again",
    rule: "a task is queued when it becomes pending, and not when somebody says once more that it is",
    file: `${pipeline}/ddl-sqlite.ts`,
    search: "AFTER UPDATE OF status ON tasks WHEN NEW.status <> OLD.status BEGIN",
    replace: "AFTER UPDATE OF status ON tasks BEGIN",
    profile: "pipelineCalm",
  },
  {
    name: "retry-left-behind",
    rule: "a task that becomes pending takes back what an earlier transition left in the queue",
    file: `${pipeline}/ddl-sqlite.ts`,
    search: "((state = 'ready' AND NEW.status <> 'retry') OR (state = 'running' AND NEW.status = 'pending'))",
    replace: "(state = 'running' AND NEW.status = 'pending')",
    profile: "pipelineCalm",
  },
  {
    name: "emptied-text-not-waiting",
    rule: "a text that is emptied while its task is under way keeps nothing else back",
    file: `${pipeline}/recipe.ts`,
    search: 'side === "left" && to === null && !isDraft(others[board.status])',
    replace: 'side === "right" && to === null && !isDraft(others[board.status])',
    profile: "pipelineCalm",
  },
  {
    name: "no-status-is-draft",
    rule: "an entry without a status is shown as the draft that it is",
    file: `${pipeline}/step.ts`,
    search: 'const state = typeof status === "string" ? stateOf(status) : undefined;',
    replace:
      'const state = status === null ? "draft" : typeof status === "string" ? stateOf(status) : undefined;',
    profile: "pipelineCalm",
  },
];
