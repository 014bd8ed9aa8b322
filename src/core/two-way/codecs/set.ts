import { isJsonObject, type Json } from "../../json.ts";
import type { ElementMap, Translated } from "../mapping.ts";
import { elementsOf } from "../sets.ts";
import { type Codec, cleanText, optionNamed, type SideField, spellerOf } from "./codec.ts";

/** Options by name, or ids of people, related records, files …: in no order, each once. */
export const setCodec: Codec = {
  fits: new Set(["options", "opaque"]),
  form: (field) => ({
    read: setIn,
    write: (own) =>
      field.schema.type === "options"
        ? elementsOf(own).map((name) => ({ ...optionNamed(field, name) }))
        : elementsOf(own),
  }),
  translate: (_, to) => translateSet(spellerOf(to)),
};

/** The managed elements, as the other side calls them. */
export function translateSet(translate: (element: string) => string | null): (own: Json) => Translated {
  return (own) => {
    const elements = elementsOf(own).flatMap((element) => translate(element) ?? []);
    return { value: [...new Set(elements)].sort() };
  };
}

/** Elements that are called the same on both sides, but for how the options of either side are spelled. */
export function sameElements(left: SideField, right: SideField): ElementMap {
  return { toRight: spellerOf(right), toLeft: spellerOf(left) };
}

function setIn(canonical: Json): Json | undefined {
  if (canonical === null) return [];
  if (!Array.isArray(canonical)) return undefined;
  const elements = new Set<string>();
  for (const item of canonical) {
    const name: Json | undefined = isJsonObject(item) ? item.name : item;
    const element = typeof name === "string" ? cleanText(name) : null;
    if (element === null) return undefined;
    elements.add(element);
  }
  return [...elements].sort();
}
