import { isJsonObject, type Json } from "../json.ts";
import type { FieldSchema } from "../record.ts";
import type { OptionWords } from "./codecs/words.ts";
import type { Side } from "./mapping.ts";

/** What is remembered of one side of a rule: names change, ids do not. */
export interface KnownSide {
  /** The name it was configured under. */
  readonly asked: string;
  readonly id: string;
  readonly type: string;
  readonly words: OptionWords;
}

export type KnownField = Readonly<Record<Side, KnownSide>> & { readonly codec: string };

/** By rule name. */
export type Known = Readonly<Record<string, KnownField>>;

/** The stored binding; what does not look like one was never bound. */
export function parseBinding(stored: Json): Known {
  const known: Record<string, KnownField> = {};
  if (!isJsonObject(stored)) return known;
  for (const [name, field] of Object.entries(stored)) {
    if (!isJsonObject(field) || typeof field.codec !== "string") continue;
    const left = parseSide(field.left);
    const right = parseSide(field.right);
    if (left !== null && right !== null) known[name] = { left, right, codec: field.codec };
  }
  return known;
}

export function writeBinding(known: Known): Json {
  return Object.fromEntries(
    Object.entries(known).map(([name, { left, right, codec }]) => [
      name,
      { left: { ...left }, right: { ...right }, codec },
    ]),
  );
}

function parseSide(value: Json | undefined): KnownSide | null {
  if (!isJsonObject(value)) return null;
  const { asked, id, type, words } = value;
  if (typeof asked !== "string" || typeof id !== "string" || typeof type !== "string") return null;
  const entries = isJsonObject(words) ? Object.entries(words) : [];
  const texts = entries.flatMap(([option, word]) =>
    typeof word === "string" ? [[option, word] as const] : [],
  );
  return { asked, id, type, words: Object.fromEntries(texts) };
}

/** A field for a configured name. `missing`: no such field; `lost`: there was one, and it is not what it was. */
export type Match = { readonly field: FieldSchema } | { readonly missing: true } | { readonly lost: string };

/**
 * By the id it had before, or else by name, by id, and by a name that differs in case only. A field that was deleted
 * and made again is another one, and an empty one: taking it for the old one would clear the other side.
 */
export function findField(
  asked: string,
  fields: readonly FieldSchema[],
  known: KnownSide | undefined,
): Match {
  if (known !== undefined && known.asked === asked) return findKnown(asked, fields, known);
  const alike = fields.filter(({ name }) => isAlike(name, asked));
  const field =
    fields.find(({ name }) => name === asked) ??
    fields.find(({ id }) => id === asked) ??
    (alike.length === 1 ? alike[0] : undefined);
  return field === undefined ? { missing: true } : { field };
}

function findKnown(asked: string, fields: readonly FieldSchema[], known: KnownSide): Match {
  const field = fields.find(({ id }) => id === known.id);
  if (field === undefined) return { lost: `"${asked}" is gone. Put it back, or map another field` };
  if (field.type === known.type) return { field };
  const change = `was of type ${known.type} and is of type ${field.type} now`;
  return { lost: `"${field.name}" ${change}. Change it back, or map it under a new name` };
}

function isAlike(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}
