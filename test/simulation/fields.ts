import type { Description } from "../../src/connector/connector.ts";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import type { FieldSchema } from "../../src/core/record.ts";
import type { FieldForm, FieldRule, Side, Translated } from "../../src/core/two-way/mapping.ts";
import type { Values } from "../../src/core/two-way/pair.ts";
import type { BoundMapping } from "../../src/engine/two-way/definition.ts";
import type { Property, PropertyType } from "./notion/page.ts";
import { idsIn } from "./notion/page.ts";
import type { Options } from "./options.ts";
import { ofTables, type Subject } from "./subject.ts";
import { Table, type TableOptions } from "./table.ts";

/** What a field is made of, which decides how people edit it and what its values may do. */
export type FieldKind = "text" | "stage" | "tags" | "refs" | "status" | "choice" | OwnKind;
/** What only a recipe knows: `kept`: never written; `fact`: told by the right side, and by nobody else. */
type OwnKind = "kept" | "fact";

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly owner: Side | "both";
  readonly property: { readonly name: string; readonly type: PropertyType };
  /** Both may fill it in; from then on a change on the other side is set back. */
  readonly decidedOn?: Side;
}

/** The mapped fields of a simulated pair that no recipe made. */
export const fields: readonly Field[] = [
  { name: "name", kind: "text", owner: "both", property: { name: "Name", type: "title" } },
  { name: "note", kind: "text", owner: "both", property: { name: "Note", type: "rich_text" } },
  { name: "plan", kind: "text", owner: "left", property: { name: "Plan", type: "rich_text" } },
  { name: "fact", kind: "text", owner: "right", property: { name: "Fact", type: "rich_text" } },
  { name: "stage", kind: "stage", owner: "both", property: { name: "Stage", type: "select" } },
  { name: "tags", kind: "tags", owner: "both", property: { name: "Tags", type: "multi_select" } },
  { name: "refs", kind: "refs", owner: "both", property: { name: "Refs", type: "relation" } },
];

export const markerProperty = "Lockstep ID";

/** Several words of the left side mean one of the right side. */
export const stages: Readonly<Record<string, string>> = {
  Todo: "open",
  Doing: "active",
  Review: "active",
  Done: "closed",
};
const stageBack: Readonly<Record<string, string>> = { open: "Todo", active: "Doing", closed: "Done" };
export const rightStages: readonly string[] = Object.keys(stageBack);

const columns: readonly FieldSchema[] = fields.map(({ name, kind }) => ({
  id: name,
  name,
  type: kind === "tags" || kind === "refs" ? "opaque" : "text",
  vendorType: "text",
  isDerived: false,
}));

/** A value as both sides and people would say it: a text, or a sorted list of texts; null: empty. */
export type Plain = string | readonly string[] | null;

/** What a page holds in a field. */
export function plainOfPage(
  values: Readonly<Record<string, Json>>,
  property: Property,
  kind: FieldKind,
): Plain {
  const value = values[property.id];
  const nameOf = (id: string) => property.options.find((option) => option.id === id)?.name;
  if (kind === "tags") return sorted(idsIn(value).flatMap((id) => nameOf(id) ?? []));
  if (kind === "refs") return sorted(idsIn(value));
  if (typeof value !== "string" || value === "") return null;
  return kind === "text" ? value : (nameOf(value) ?? null);
}

/** What a row holds in a field. */
function plainOfRow(value: Json | undefined, kind: FieldKind): Plain {
  if (kind === "tags" || kind === "refs") return sorted(idsIn(value));
  return typeof value === "string" && value !== "" ? value : null;
}

/** True when two values say the same, each in the words of its side. */
function agree({ kind }: Field, left: Plain, right: Plain): boolean {
  if (kind === "stage" && typeof left === "string") return stages[left] === right;
  return JSON.stringify(left) === JSON.stringify(right);
}

export function sorted(list: readonly string[]): readonly string[] {
  return [...new Set(list)].sort();
}

/** The mapping, bound as a recipe would do it: by name the first time, by id ever after, so that a renamed column stays known. */
function bindFields(
  options: Options,
  left: Description,
  stored: { readonly binding: Json; readonly print: string },
): BoundMapping {
  const known = isJsonObject(stored.binding) ? stored.binding : {};
  const binding: Record<string, Json> = {};
  const suspended: { name: string; reason: string }[] = [];
  const rules = fields.flatMap((field) => {
    const { name, property } = field;
    const id = known[name] ?? null;
    const isNamed = (column: FieldSchema) =>
      [property.name, `${property.name} (renamed)`].includes(column.name);
    const found = left.fields.find((column) => (id === null ? isNamed(column) : column.id === id));
    binding[name] = id ?? found?.id ?? null;
    if (found?.vendorType === property.type) return [ruleFor(field, found.id, options)];
    suspended.push({ name, reason: "its column is gone or has another type" });
    return [];
  });
  const key = options.matchesByName ? keyOf : null;
  return { rules, suspended, keyOf: key, isInScope: null, print: stored.print, binding, warnings: [] };
}

function keyOf(_side: Side, { name }: Values): string | null {
  return typeof name === "string" && name !== "" ? name.toLowerCase() : null;
}

function ruleFor(field: Field, propertyId: string, options: Options): FieldRule {
  const { name, kind, owner } = field;
  if (kind === "status" || kind === "choice" || kind === "kept" || kind === "fact")
    throw new Error(`${name} belongs to another subject`);
  const isSet = kind === "tags" || kind === "refs";
  return {
    name,
    left: propertyId,
    right: name,
    owner,
    policy: options.conflictPolicy,
    isWriteOnce: false,
    isFiner: { left: kind === "stage", right: false },
    elements: isSet ? { toRight: (element) => element, toLeft: (element) => element } : null,
    forms: { left: leftForms[kind], right: isSet ? setForm : textForm },
    toRight: kind === "stage" ? (left) => translate(left, stages) : same,
    toLeft: kind === "stage" ? (right) => translate(right, stageBack) : same,
  };
}

const same = (value: Json): Translated => ({ value });

function translate(value: Json, words: Readonly<Record<string, string>>): Translated {
  if (value === null) return { value };
  const word = typeof value === "string" ? words[value] : undefined;
  return word === undefined ? { unmappable: `there is no word for ${String(value)}` } : { value: word };
}

const textForm: FieldForm = {
  read: (canonical) => (typeof canonical === "string" && canonical !== "" ? canonical : null),
  write: (own) => own,
};
const setForm: FieldForm = { read: (canonical) => [...sorted(idsIn(canonical))], write: (own) => own };

const leftForms: Readonly<Record<Exclude<FieldKind, "status" | "choice" | OwnKind>, FieldForm>> = {
  text: {
    read: (canonical) => {
      const plain = isJsonObject(canonical) ? canonical.plain : null;
      return typeof plain === "string" && plain !== "" ? plain : null;
    },
    write: (own) => ({ plain: own ?? "", rich: null }),
  },
  stage: {
    read: (canonical) => (isJsonObject(canonical) ? (canonical.name ?? null) : null),
    write: (own) => (own === null ? null : { id: null, name: own }),
  },
  tags: {
    read: (canonical) =>
      Array.isArray(canonical)
        ? [
            ...sorted(
              canonical.flatMap((each) =>
                isJsonObject(each) && typeof each.name === "string" ? each.name : [],
              ),
            ),
          ]
        : undefined,
    write: (own) => idsIn(own).map((name) => ({ id: null, name })),
  },
  refs: {
    read: (canonical) => (Array.isArray(canonical) ? [...sorted(idsIn(canonical))] : undefined),
    write: (own) => own,
  },
};

export function openPlainTable(options: Omit<TableOptions, "columns">): Table {
  return new Table({ ...options, columns });
}

/** Fields of every kind, both sides alike: the engine by itself. */
export const plainFields: Subject = {
  fields,
  optionsOf: ({ kind }) => (kind === "stage" ? Object.keys(stages) : []),
  openTable: openPlainTable,
  plainInPage: ({ kind }, values, property) => plainOfPage(values, property, kind),
  plainInRow: ({ name, kind }, values) => plainOfRow(values[name], kind),
  fieldOf: (column) => column,
  agree,
  isWaiting: () => false,
  onTable: (connector) => connector,
  ...ofTables,
  marksRows: false,
  bind: (options, descriptions, stored) => bindFields(options, descriptions.left, stored),
  policy: ({ onDelete, onDeleteEdit }) => ({
    creates: { left: true, right: true },
    onDelete,
    onDeleteEdit,
    tieBreak: "left",
  }),
};
