import type { FieldRule, Side } from "./mapping.ts";
import { agree } from "./meaning.ts";
import type { Base, FieldWrite, SideWrite, ValuePair } from "./pair.ts";

/** A write that has certainly taken effect. Where the answer shows how a value was stored, that is its `value`. */
export interface ConfirmedWrite {
  readonly side: Side;
  readonly write: SideWrite;
}

const statusAfter: Readonly<Record<SideWrite["kind"], Base["status"] | null>> = {
  create: "live",
  restore: "live",
  trash: "dead",
  update: null,
};

/**
 * The base once a write is confirmed: each written field agrees with what it was made from. A created record has no
 * past, so what was agreed about one that is gone does not count against the fields that the new one came without.
 */
export function confirmWrite(base: Base, rules: readonly FieldRule[], { side, write }: ConfirmedWrite): Base {
  const fields: Record<string, ValuePair> = write.kind === "create" ? {} : { ...base.fields };
  for (const rule of rules) {
    const written = write.fields[rule.name];
    if (written === undefined) continue;
    fields[rule.name] = agree({ rule, base: fields[rule.name], values: pairOf(side, written) });
  }
  return { status: statusAfter[write.kind] ?? base.status, fields };
}

/** A value of `side` beside the value of the other side that it was made from. */
export function pairOf(side: Side, { value, source }: Pick<FieldWrite, "value" | "source">): ValuePair {
  return side === "left" ? { left: value, right: source } : { left: source, right: value };
}
