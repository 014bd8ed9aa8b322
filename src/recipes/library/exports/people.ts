import { isJsonObject, type Json } from "../../../core/json.ts";
import { tidy } from "../text.ts";

/** What belongs to the name before the comma: "Martin Luther King, Jr." */
const nameSuffix = /^(?:jr|sr|i{1,3}|iv|ph\.?\s?d|m\.?d|esq|phd|dds|rn|mba|cpa)\.?$/i;

/** Names as exports give them: a list, or a text joined by ";" (ours, "\;" inside a name) or by ", ". */
export function readPeople(value: Json): readonly string[] {
  if (typeof value === "string") return value.includes(";") ? splitEscaped(value) : splitCommas(value);
  if (!Array.isArray(value)) return [];
  const names = value.map((entry) => (isJsonObject(entry) ? entry.name : entry));
  return names.flatMap((name) => (typeof name === "string" && tidy(name) !== "" ? [tidy(name)] : []));
}

/** The way back for our own export. A single name with a comma ends in ";", so that it is not split. */
export function joinPeople(names: readonly string[]): string {
  const joined = names.map((name) => name.replace(/[\\;]/g, "\\$&")).join("; ");
  return names.length === 1 && joined.includes(",") ? `${joined};` : joined;
}

function splitEscaped(text: string): readonly string[] {
  const names = text.match(/(?:\\.|[^;\\])+/gs) ?? [];
  return names.map((name) => tidy(name.replace(/\\(.)/gs, "$1"))).filter((name) => name !== "");
}

function splitCommas(text: string): readonly string[] {
  const names: string[] = [];
  for (const piece of text.replace(/\\(.)/gs, "$1").split(",").map(tidy)) {
    const last = names.at(-1);
    if (last !== undefined && nameSuffix.test(piece)) names[names.length - 1] = `${last}, ${piece}`;
    else if (piece !== "") names.push(piece);
  }
  return names;
}
