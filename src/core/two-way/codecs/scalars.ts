import { type Json, sortKeys } from "../../json.ts";
import type { Codec } from "./codec.ts";

export const numberCodec: Codec = {
  fits: new Set(["number", "opaque"]),
  form: () => ({
    // -0 is equal to 0 and comes back as 0 from everywhere.
    read: (canonical) =>
      typeof canonical === "number" ? canonical + 0 : canonical === null ? null : undefined,
    write: (own) => own,
  }),
  translate: () => (own) => ({ value: own }),
};

/** A checkbox is never empty, so on the way to one, nothing means no. */
export const booleanCodec: Codec = {
  fits: new Set(["boolean", "opaque"]),
  form: ({ spelling }) => ({
    read: (canonical) => (typeof canonical === "boolean" || canonical === null ? canonical : undefined),
    write: (own) => (own === null && spelling === "structured" ? false : own),
  }),
  translate:
    (_, { spelling }) =>
    (own) => ({ value: own === null && spelling === "structured" ? false : own }),
  isFiner: (_, { spelling }) => spelling === "structured",
};

/** Any value, whole, in a place that can hold any: compared and copied, never interpreted. */
export const jsonCodec: Codec = {
  fits: new Set(["opaque", "text", "number", "option", "options", "date", "boolean"]),
  form: () => ({ read: sortKeys, write: (own: Json) => own }),
  translate: () => (own) => ({ value: own }),
};
