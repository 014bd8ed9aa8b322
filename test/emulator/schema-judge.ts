import type { Json, JsonObject } from "./harness.ts";
import { array, object, text } from "./harness.ts";

/** Checks a value against the part of JSON Schema that the recorded schemas use. Returns what is wrong, by path. */
export function judge(value: Json | undefined, schema: JsonObject, root = schema, path = "$"): string[] {
  const wrong: string[] = [];
  if (schema.$ref !== undefined) return judge(value, resolve(text(schema.$ref), root), root, path);
  if (schema.const !== undefined && value !== schema.const)
    wrong.push(`${path}: ${show(value)} is not ${show(schema.const)}`);
  if (schema.enum !== undefined && !array(schema.enum).some((each) => each === value))
    wrong.push(`${path}: ${show(value)} is not in the enumeration`);
  if (schema.type !== undefined && !hasType(value, schema.type))
    return [...wrong, `${path}: ${show(value)} is no ${show(schema.type)}`];
  if (schema.not !== undefined && judge(value, object(schema.not), root, path).length === 0)
    wrong.push(`${path}: must not be like this`);
  if (schema.anyOf !== undefined)
    wrong.push(...judgeAny(value, { options: array(schema.anyOf).map(object), root, path }));
  if (Array.isArray(value) && schema.items !== undefined) {
    for (const [index, each] of value.entries())
      wrong.push(...judge(each, object(schema.items), root, `${path}[${index}]`));
  }
  if (isObject(value)) wrong.push(...judgeMembers(value, { schema, root, path }));
  return wrong;
}

function judgeAny(
  value: Json | undefined,
  {
    options,
    root,
    path,
  }: { readonly options: readonly JsonObject[]; readonly root: JsonObject; readonly path: string },
): string[] {
  const verdicts = options.map((option) => judge(value, option, root, path));
  if (verdicts.some((verdict) => verdict.length === 0)) return [];
  // The option that comes closest says most about what is wrong.
  return verdicts.toSorted((left, right) => left.length - right.length)[0] ?? [];
}

function judgeMembers(
  value: JsonObject,
  { schema, root, path }: { readonly schema: JsonObject; readonly root: JsonObject; readonly path: string },
): string[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required.map(text) : [];
  const missing = required.filter((key) => value[key] === undefined).map((key) => `${path}.${key}: missing`);
  const inner = Object.entries(value).flatMap(([key, member]) => {
    const own = properties[key];
    if (isObject(own)) return judge(member, own, root, `${path}.${key}`);
    const other = schema.additionalProperties;
    return isObject(other) ? judge(member, other, root, `${path}.${key}`) : [];
  });
  return [...missing, ...inner];
}

function resolve(reference: string, root: JsonObject): JsonObject {
  return object(object(root.definitions)[decodeURIComponent(reference.replace("#/definitions/", ""))]);
}

function hasType(value: Json | undefined, type: Json): boolean {
  return (Array.isArray(type) ? type : [type]).some((each) => {
    if (each === "null") return value === null;
    if (each === "array") return Array.isArray(value);
    if (each === "object") return isObject(value);
    if (each === "integer") return Number.isInteger(value);
    return typeof value === each;
  });
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: Json | undefined): string {
  return JSON.stringify(value)?.slice(0, 60) ?? "undefined";
}

/** The schema without the members that later versions no longer send. */
export function withoutRequired(schema: JsonObject, names: readonly string[]): JsonObject {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    key === "required" && Array.isArray(value) ? value.filter((each) => !names.includes(each)) : value,
  );
}
