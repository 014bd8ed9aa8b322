import { booleanValue, numberValue, textValue, type Value } from "./value.ts";

/** Operators are calls, by their sign: `1 + 2` is a call of `+`, `-x` a call of `negate`. */
export type Expression =
  | { readonly kind: "literal"; readonly value: Value }
  | { readonly kind: "call"; readonly name: string; readonly inputs: readonly Expression[] };

const tokensMax = 2_000;
const depthMax = 100;
const tokenPattern =
  /\s*(?:("(?:[^"\\]|\\.)*")|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(==|!=|>=|<=|&&|\|\||[-+*/%^(),?:.!<>]))/sy;

/** Binary operators, loosest first. */
const levels: readonly (readonly string[])[] = [
  ["or", "||"],
  ["and", "&&"],
  ["==", "!="],
  [">", ">=", "<", "<="],
  ["+", "-"],
  ["*", "/", "%"],
];
const words: { readonly [sign: string]: string } = { "||": "or", "&&": "and" };
/** Operators before a value; a plus does nothing. */
const prefixes: { readonly [sign: string]: string } = { "!": "not", not: "not", "-": "negate", "+": "+" };

/** The expression a formula's text means, or null when it is none, or too long or too deep. */
export function parseFormula(text: string): Expression | null {
  const tokens = tokenize(text);
  if (tokens === null) return null;
  const reader = { tokens, index: 0, depth: 0 };
  const expression = choice(reader);
  return reader.index === tokens.length ? expression : null;
}

function tokenize(text: string): string[] | null {
  const tokens: string[] = [];
  const trimmed = text.trim();
  let index = 0;
  while (index < trimmed.length && tokens.length <= tokensMax) {
    tokenPattern.lastIndex = index;
    const match = tokenPattern.exec(trimmed);
    if (match === null) return null;
    index = tokenPattern.lastIndex;
    tokens.push(match[0].trim());
  }
  return tokens.length > tokensMax ? null : tokens;
}

interface Reader {
  readonly tokens: readonly string[];
  index: number;
  depth: number;
}

/** Takes the next token if it is one of these. */
function take(reader: Reader, wanted: readonly string[]): string | null {
  const token = reader.tokens[reader.index];
  if (token === undefined || !wanted.includes(token)) return null;
  reader.index++;
  return token;
}

function callOf(name: string, inputs: readonly (Expression | null)[]): Expression | null {
  const known = inputs.filter((input) => input !== null);
  return known.length === inputs.length ? { kind: "call", name, inputs: known } : null;
}

/** `condition ? one : other`, or anything tighter. The only way in from a nested place, so depth is counted here. */
function choice(reader: Reader): Expression | null {
  if (reader.depth >= depthMax) return null;
  reader.depth++;
  const condition = binary(reader, 0);
  let result = condition;
  if (take(reader, ["?"]) !== null) {
    const one = choice(reader);
    const other = take(reader, [":"]) === null ? null : choice(reader);
    result = callOf("if", [condition, one, other]);
  }
  reader.depth--;
  return result;
}

/** Operators of one level group from the left. */
function binary(reader: Reader, level: number): Expression | null {
  const signs = levels[level];
  if (signs === undefined) return unary(reader);
  let left = binary(reader, level + 1);
  for (let sign = take(reader, signs); sign !== null && left !== null; sign = take(reader, signs))
    left = callOf(words[sign] ?? sign, [left, binary(reader, level + 1)]);
  return left;
}

/** Signs before a value, innermost last. */
function unary(reader: Reader): Expression | null {
  const signs: string[] = [];
  const known = Object.keys(prefixes);
  for (let sign = take(reader, known); sign !== null; sign = take(reader, known)) signs.push(sign);
  return signs.reduceRight<Expression | null>(
    (inner, sign) => (sign === "+" ? inner : callOf(prefixes[sign] ?? sign, [inner])),
    power(reader),
  );
}

/** `a ^ b` groups from the right and holds tighter than a sign before it. */
function power(reader: Reader): Expression | null {
  const base = methods(reader);
  if (base === null || take(reader, ["^"]) === null) return base;
  if (reader.depth >= depthMax) return null;
  reader.depth++;
  const exponent = unary(reader);
  reader.depth--;
  return callOf("^", [base, exponent]);
}

/** `value.name(more)` is `name(value, more)`. */
function methods(reader: Reader): Expression | null {
  let value = primary(reader);
  while (value !== null && take(reader, ["."]) !== null) {
    const name = nameAt(reader);
    const inputs = name === null ? null : inputsOf(reader);
    value = name === null || inputs === null ? null : callOf(name, [value, ...inputs]);
  }
  return value;
}

function primary(reader: Reader): Expression | null {
  if (take(reader, ["("]) !== null) {
    const inner = choice(reader);
    return take(reader, [")"]) === null ? null : inner;
  }
  const token = reader.tokens[reader.index];
  if (token === undefined) return null;
  const value = literalOf(token);
  if (value !== null) {
    reader.index++;
    return { kind: "literal", value };
  }
  const name = nameAt(reader);
  const inputs = name === null ? null : inputsOf(reader);
  return name === null || inputs === null ? null : callOf(name, inputs);
}

function literalOf(token: string): Value | null {
  if (token.startsWith('"')) return textValue(unquoted(token));
  if (/^\d/.test(token)) return numberValue(Number(token));
  return token === "true" || token === "false" ? booleanValue(token === "true") : null;
}

function unquoted(token: string): string {
  const escapes: { readonly [character: string]: string } = { n: "\n", t: "\t" };
  return token.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}

function nameAt(reader: Reader): string | null {
  const token = reader.tokens[reader.index];
  if (token === undefined || !/^[A-Za-z_]/.test(token)) return null;
  reader.index++;
  return token;
}

/** The inputs of a call, in brackets. */
function inputsOf(reader: Reader): (Expression | null)[] | null {
  if (take(reader, ["("]) === null) return null;
  if (take(reader, [")"]) !== null) return [];
  const inputs = [choice(reader)];
  while (take(reader, [","]) !== null) inputs.push(choice(reader));
  return take(reader, [")"]) === null ? null : inputs;
}
