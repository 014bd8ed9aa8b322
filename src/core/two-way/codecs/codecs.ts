import type { FieldType } from "../../record.ts";
import type { Codec, SideField } from "./codec.ts";
import { dateCodec } from "./date.ts";
import { booleanCodec, jsonCodec, numberCodec } from "./scalars.ts";
import { setCodec } from "./set.ts";
import { optionCodec, textCodec } from "./text.ts";

/** The codecs there are. `map` stands for one with a word list of its own (`words.ts`). */
export type CodecName = "text" | "number" | "boolean" | "option" | "set" | "date" | "json" | "map";

export const codecs = {
  text: textCodec,
  number: numberCodec,
  boolean: booleanCodec,
  option: optionCodec,
  set: setCodec,
  date: dateCodec,
  json: jsonCodec,
} as const satisfies Readonly<Record<Exclude<CodecName, "map">, Codec>>;

/** Whatever a word can be read from. */
const wordTypes: ReadonlySet<FieldType> = new Set(["option", "text", "boolean", "number", "opaque"]);

/** What a field of a type is made for. */
const codecOfType: Readonly<Record<FieldType, Exclude<CodecName, "map">>> = {
  text: "text",
  number: "number",
  option: "option",
  options: "set",
  date: "date",
  boolean: "boolean",
  opaque: "json",
};

/** The codec between two fields when none is named: that of the more particular one. null: nothing obvious. */
export function codecBetween(left: SideField, right: SideField): Exclude<CodecName, "map"> | null {
  const names = [codecOfType[left.schema.type], codecOfType[right.schema.type]];
  if (names.every((name) => name === "json")) return "json";
  return names.find((name) => name !== "json" && canServe(name, left, right)) ?? null;
}

/** True when the codec can serve this pair of fields. `json` needs one side that can hold anything. */
export function canServe(name: CodecName, left: SideField, right: SideField): boolean {
  const types = [left.schema.type, right.schema.type];
  if (name === "json" && !types.includes("opaque")) return false;
  const fits = name === "map" ? wordTypes : codecs[name].fits;
  return types.every((type) => fits.has(type));
}
