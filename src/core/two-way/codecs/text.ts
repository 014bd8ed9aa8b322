import { isJsonObject, type Json } from "../../json.ts";
import { type Codec, cleanText, optionNamed, type SideField, spellerOf } from "./codec.ts";

/** Plain text. Formatting stays where it is until the text itself changes on the other side. */
export const textCodec: Codec = {
  fits: new Set(["text", "opaque"]),
  form: ({ schema, spelling }) => ({
    read: textIn,
    write: (own) =>
      spelling === "structured" && schema.type === "text" ? { plain: own ?? "", rich: null } : own,
  }),
  translate: () => (own) => ({ value: own }),
};

/** One option, by its name, on a side that has options or keeps their names as text. */
export const optionCodec: Codec = {
  fits: new Set(["option", "text", "opaque"]),
  form: (field) => ({
    read: textIn,
    write: (own) => writeOption(field, own),
  }),
  translate: (_, to) => {
    const spelled = spellerOf(to);
    return (own) => ({ value: typeof own === "string" ? spelled(own) : null });
  },
  isFiner: (_, { schema: { options = [] } }) => options.length > 0,
};

/** What a person reads: of a text, an option, or a scalar. undefined: nothing of the kind. */
export function textIn(canonical: Json): Json | undefined {
  if (canonical === null) return null;
  if (typeof canonical === "string") return cleanText(canonical);
  if (typeof canonical === "number" || typeof canonical === "boolean") return String(canonical);
  if (!isJsonObject(canonical)) return undefined;
  const text = canonical.plain ?? canonical.name;
  return typeof text === "string" ? cleanText(text) : undefined;
}

/** A name as the kind of field there holds it. */
export function writeOption(field: SideField, own: Json): Json {
  if (typeof own !== "string") return textCodec.form(field).write(null);
  return field.schema.type === "option" ? { ...optionNamed(field, own) } : textCodec.form(field).write(own);
}
