import { functions } from "./functions.ts";
import type { Expression } from "./parse.ts";
import type { Value } from "./value.ts";

/** What an expression is evaluated in. */
export interface Scope {
  readonly now: number;
  /** A property's value by its name; null when there is none, or none a formula can take. */
  readonly property: (name: string) => Value | null;
}

/** What an expression gives, or null when it has something in it that is not known here. */
export function evaluate(expression: Expression, scope: Scope): Value | null {
  if (expression.kind === "literal") return expression.value;
  const { name } = expression;
  const inputs: Value[] = [];
  for (const each of expression.inputs) {
    const input = evaluate(each, scope);
    if (input === null) return null;
    inputs.push(input);
  }
  const [first] = inputs;
  if (name === "prop") return first?.type === "string" ? scope.property(first.value) : null;
  return Object.hasOwn(functions, name) ? (functions[name]?.(inputs, scope.now) ?? null) : null;
}
