import { hash } from "node:crypto";
import { LockstepError } from "../errors.ts";
import { canonicalJson, type Json } from "../json.ts";
import type { FieldSchema } from "../record.ts";
import { findField, type Known, type KnownField, parseBinding, writeBinding } from "./binding.ts";
import type { SideField, Spelling } from "./codecs/codec.ts";
import type { FieldRule, Side } from "./mapping.ts";
import { buildRule, type FieldConfig } from "./rule.ts";

/** One side of a mapping, as its connector describes it. */
export interface SideSchema {
  /** How people call it ("Notion", "tasks"). */
  readonly label: string;
  readonly fields: readonly FieldSchema[];
  readonly spelling: Spelling;
}

/** A mapping tied to the two collections as they are now. */
export interface BoundRules {
  readonly rules: readonly FieldRule[];
  /** Rules that cannot be used now, with the reason for people. Their bases and conflicts stay as they are. */
  readonly suspended: readonly { readonly name: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  /** Another print: other values, or another owner. Bases must be looked at anew before anything is written. */
  readonly print: string;
  /** To be stored, and handed back at the next binding. */
  readonly binding: Json;
}

/** Part of every print: raised when a codec comes to spell its own forms in another way. */
const formsVersion = 1;

/**
 * Ties the configured fields to ids. Throws CONFIG_INVALID for a mapping that cannot work, SCHEMA_DRIFT for a name that
 * no field ever had; a field that was bound before and has changed since is suspended instead, and the rest goes on.
 */
export function bindRules(
  configs: readonly FieldConfig[],
  sides: Readonly<Record<Side, SideSchema>>,
  stored: Json,
): BoundRules {
  refuseNames(configs);
  const before = parseBinding(stored);
  const bound = configs.map((config) => bindField(config, sides, before[config.name]));
  const rules = bound.flatMap(({ rule }) => (rule === null ? [] : [rule]));
  refuseClashes(rules);
  const known: Known = Object.fromEntries(bound.map((field) => [field.config.name, field.known]));
  return {
    rules,
    suspended: bound.flatMap(({ config, reason }) =>
      reason === null ? [] : [{ name: config.name, reason }],
    ),
    warnings: bound.flatMap(({ warnings }) => warnings),
    print: printOf(bound),
    binding: writeBinding(known),
  };
}

interface BoundField {
  readonly config: FieldConfig;
  readonly rule: FieldRule | null;
  /** Why it is suspended; null: it is not. */
  readonly reason: string | null;
  readonly warnings: readonly string[];
  readonly known: KnownField;
}

function bindField(
  config: FieldConfig,
  sides: Readonly<Record<Side, SideSchema>>,
  known: KnownField | undefined,
): BoundField {
  const left = resolve(config, "left", { schema: sides.left, known });
  const right = resolve(config, "right", { schema: sides.right, known });
  if ("lost" in left) return suspend(config, left);
  if ("lost" in right) return suspend(config, right);
  const words = { left: known?.left.words ?? {}, right: known?.right.words ?? {} };
  const { rule, codec, words: learned, warnings } = buildRule(config, { left, right }, words);
  return {
    config,
    rule,
    reason: null,
    warnings: [...warnings, ...renamed(config, "left", left), ...renamed(config, "right", right)],
    known: {
      left: { asked: config.left, id: left.schema.id, type: left.schema.type, words: learned.left },
      right: { asked: config.right, id: right.schema.id, type: right.schema.type, words: learned.right },
      codec,
    },
  };
}

/** Everything about it is kept as it was, for the day it can be used again. */
function suspend(config: FieldConfig, { lost, known }: Lost): BoundField {
  return { config, rule: null, reason: lost, warnings: [], known };
}

interface Lost {
  readonly lost: string;
  readonly known: KnownField;
}

/** The field that a side of the rule is about, or why there is none now. */
function resolve(
  config: FieldConfig,
  side: Side,
  { schema, known }: { readonly schema: SideSchema; readonly known: KnownField | undefined },
): SideField | Lost {
  const found = findField(config[side], schema.fields, known?.[side]);
  if ("field" in found) return { schema: found.field, spelling: schema.spelling };
  if ("lost" in found && known !== undefined) return { lost: `${schema.label}: ${found.lost}.`, known };
  throw new LockstepError(
    "SCHEMA_DRIFT",
    `Field "${config.name}" is mapped to "${config[side]}" in ${schema.label}, and there is no such field. There are: ` +
      `${schema.fields.map(({ name }) => `"${name}"`).join(", ")}. Correct the mapping.`,
  );
}

function renamed(config: FieldConfig, side: Side, { schema: { id, name } }: SideField): readonly string[] {
  const asked = config[side];
  if (asked === id || asked.trim().toLowerCase() === name.trim().toLowerCase()) return [];
  return [
    `"${asked}" is now called "${name}"; its mapping follows it. Write the new name into the configuration when convenient.`,
  ];
}

/** Everything about a rule is kept under its name, in plain objects, which have some names from birth. */
function refuseNames(configs: readonly FieldConfig[]): void {
  const names = new Set<string>();
  for (const { name } of configs) {
    if (name in {}) throw invalid(`cannot have a field named "${name}". Name it otherwise.`);
    if (names.has(name)) throw invalid(`has two fields named "${name}". Rename one of them.`);
    names.add(name);
  }
}

/** Two rules that write to one field would undo each other's work for ever. */
function refuseClashes(rules: readonly FieldRule[]): void {
  for (const side of ["left", "right"] as const) {
    const written = new Map<string, string>();
    for (const { name, owner, [side]: id } of rules) {
      if (owner === side) continue;
      const other = written.get(id);
      if (other !== undefined) {
        throw invalid(
          `writes to one field on the ${side} from both "${other}" and "${name}". Let the ${side} own one of them.`,
        );
      }
      written.set(id, name);
    }
  }
}

function invalid(problem: string): LockstepError {
  return new LockstepError("CONFIG_INVALID", `The mapping ${problem}`);
}

function printOf(bound: readonly BoundField[]): string {
  const parts = bound.map(({ config, known }): Json => {
    const { name, owner = null, writeOnce = false, map = null } = config;
    return [name, known.left.id, known.right.id, known.codec, owner, writeOnce, map && { ...map }];
  });
  return hash("sha256", canonicalJson([formsVersion, ...parts])).slice(0, 32);
}
