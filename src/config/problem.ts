import { LockstepError } from "../core/errors.ts";

/** One thing wrong with a configuration. */
export interface ConfigProblem {
  /** Where: "backup.databases[1].fieldMappings.Status"; "" is the file as a whole. */
  readonly path: string;
  /** What was expected, what came, and a suggestion where there is one. */
  readonly message: string;
}

/** CONFIG_INVALID with all problems at once, one per line; `details.problems` holds them as data. */
export function configInvalid(source: string, problems: readonly ConfigProblem[]): LockstepError {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map(({ path, message }) => `  ${path === "" ? "" : `${path}: `}${message}`);
  return new LockstepError("CONFIG_INVALID", [`${source} has ${count}:`, ...lines].join("\n"), {
    details: { file: source, problems: problems.map(({ path, message }) => ({ path, message })) },
  });
}

/** A path as one would write it in JavaScript. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

const shownMax = 60;

/** A value as it came, short enough for one line. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > shownMax ? `${text.slice(0, shownMax - 1)}…` : text;
}
