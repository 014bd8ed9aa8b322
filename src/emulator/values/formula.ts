import type { Json, JsonObject } from "../json.ts";
import { dataSourceOf, findProperty, type Page, type Property, type State } from "../state/state.ts";
import { minuteText } from "./dates.ts";
import { textOf } from "./text-of.ts";

type Result = {
  readonly type: "string" | "number" | "boolean" | "date";
  readonly value: string | number | boolean | null;
};

const depthMax = 10;
const tokenPattern = /\s*(?:("(?:[^"\\]|\\.)*")|(\d+(?:\.\d+)?)|([A-Za-z_]+)|([+(),]))/y;

/**
 * Formulas the emulator knows: `prop("Name")`, text, numbers, true, false, now(), `+` and `concat(…)`.
 * Anything else answers with type "unsupported", as Notion does for formulas it cannot give.
 */
export function evaluateFormula(page: Page, property: Property, state: State, depth = 0): JsonObject {
  const expression = property.config.expression;
  const result =
    typeof expression === "string" && depth < depthMax ? evaluate(expression, { page, state, depth }) : null;
  if (result === null) return { type: "unsupported", unsupported: {} };
  if (result.type !== "date") return { type: result.type, [result.type]: result.value };
  return {
    type: "date",
    date: result.value === null ? null : { start: result.value, end: null, time_zone: null },
  };
}

interface Scope {
  readonly page: Page;
  readonly state: State;
  readonly depth: number;
}

function evaluate(expression: string, scope: Scope): Result | null {
  const tokens = tokenize(expression);
  if (tokens === null) return null;
  const at = { index: 0 };
  const result = sum(tokens, at, scope);
  return at.index === tokens.length ? result : null;
}

function tokenize(expression: string): string[] | null {
  const tokens: string[] = [];
  const text = expression.trim();
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const match = tokenPattern.exec(text);
    if (match === null) return null;
    tokens.push(match[0].trim());
  }
  return tokens;
}

interface Position {
  index: number;
}

function sum(tokens: readonly string[], at: Position, scope: Scope): Result | null {
  let left = term(tokens, at, scope);
  while (left !== null && tokens[at.index] === "+") {
    at.index++;
    const right = term(tokens, at, scope);
    left = right === null ? null : add(left, right);
  }
  return left;
}

function add(left: Result, right: Result): Result {
  if (typeof left.value === "number" && typeof right.value === "number") {
    return { type: "number", value: left.value + right.value };
  }
  return { type: "string", value: shown(left) + shown(right) };
}

function shown(result: Result): string {
  return result.value === null ? "" : String(result.value);
}

function term(tokens: readonly string[], at: Position, scope: Scope): Result | null {
  const token = tokens[at.index++];
  if (token === undefined) return null;
  if (token.startsWith('"')) return { type: "string", value: unquote(token) };
  if (/^\d/.test(token)) return { type: "number", value: Number(token) };
  if (token === "true" || token === "false") return { type: "boolean", value: token === "true" };
  if (tokens[at.index] !== "(") return null;
  at.index++;
  return call(token, { tokens, at }, scope);
}

function call(
  name: string,
  { tokens, at }: { tokens: readonly string[]; at: Position },
  scope: Scope,
): Result | null {
  const inputs: Result[] = [];
  while (tokens[at.index] !== ")") {
    const input = sum(tokens, at, scope);
    if (input === null) return null;
    inputs.push(input);
    if (tokens[at.index] === ",") at.index++;
  }
  at.index++;
  const [first] = inputs;
  if (name === "now") return { type: "date", value: minuteText(scope.state.now()).replace("Z", "+00:00") };
  if (name === "concat") return { type: "string", value: inputs.map(shown).join("") };
  if (name === "prop" && typeof first?.value === "string") return reference(first.value, scope);
  return null;
}

function unquote(token: string): string {
  return token
    .slice(1, -1)
    .replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}

function reference(name: string, { page, state, depth }: Scope): Result | null {
  const property = findProperty(dataSourceOf(state, page)?.properties ?? [], name);
  if (property === undefined) return null;
  const value = page.values[property.id];
  switch (property.type) {
    case "number":
    case "unique_id":
      return { type: "number", value: typeof value === "number" ? value : null };
    case "checkbox":
      return { type: "boolean", value: value === true };
    case "date":
      return { type: "date", value: textOf(value, property, state) || null };
    case "created_time":
      return { type: "date", value: minuteText(page.createdAt) };
    case "last_edited_time":
      return { type: "date", value: minuteText(page.editedAt) };
    case "formula":
      return resultOf(evaluateFormula(page, property, state, depth + 1));
    case "rollup":
    case "relation":
    case "files":
      return null;
    default:
      return { type: "string", value: textOf(value, property, state) };
  }
}

function resultOf(formula: JsonObject): Result | null {
  const type = formula.type;
  if (type !== "string" && type !== "number" && type !== "boolean") return null;
  const value: Json | undefined = formula[type];
  return { type, value: typeof value === "object" ? null : (value ?? null) };
}
