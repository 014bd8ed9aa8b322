import { confirmWrite } from "../../core/two-way/base.ts";
import type { FieldRule, Side } from "../../core/two-way/mapping.ts";
import type { Base, FieldWrite } from "../../core/two-way/pair.ts";
import { type Intent, type Pair, withIntents } from "./link.ts";

/**
 * A record of ours came to light for a pair that had none on that side. When it is the one that an open intent asked
 * for, what that intent wrote is what both sides agreed on: edits made on either side since then are edits.
 */
export function settleCreate(pair: Pair, side: Side, rules: readonly FieldRule[]): Pair {
  const intent = pair.doc.intents.find((open) => open.kind === "create" && open.side === side);
  if (intent === undefined) return pair;
  return agreeOn(withoutIntent(pair, intent), intent, { rules, fields: intent.fields });
}

/** The pair once an intent is known to have taken effect; `fields` as they were stored. */
export function agreeOn(
  pair: Pair,
  intent: Intent,
  landed: { readonly rules: readonly FieldRule[]; readonly fields: Intent["fields"] },
): Pair {
  const { link, doc } = pair;
  const written: Record<string, FieldWrite> = {};
  for (const [name, field] of Object.entries(landed.fields))
    written[name] = { ...field, expected: undefined };
  const base: Base = { status: link.status, fields: doc.base };
  const write = { kind: intent.kind, fields: written };
  const { status, fields } = confirmWrite(base, landed.rules, { side: intent.side, write });
  return { link: { ...link, status }, doc: { ...doc, base: fields } };
}

export function withoutIntent(pair: Pair, { id }: Pick<Intent, "id">): Pair {
  return withIntents(
    pair,
    pair.doc.intents.filter((open) => open.id !== id),
  );
}
