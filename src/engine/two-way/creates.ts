import type { Json } from "../../core/json.ts";
import { confirmWrite } from "../../core/two-way/base.ts";
import { isEmpty } from "../../core/two-way/guard.ts";
import type { FieldRule, Side } from "../../core/two-way/mapping.ts";
import type { Base, FieldWrite } from "../../core/two-way/pair.ts";
import { equalJson, type Intent, type Pair, type Seen, withIntents } from "./link.ts";
import { openOn } from "./reads.ts";

/** Vendors' clocks and ours may differ by so much, beside stamps of whole minutes. */
const clocksDifferMs = 60_000;

/**
 * A record of ours came to light for a pair that had none on that side. What the create that made it wrote is what both
 * sides agreed on: edits made on either side since then are edits. That is the open one, or an earlier one that was given
 * up and may have said something else: the time and what the record says tell which.
 */
export function settleCreate(
  pair: Pair,
  found: Pick<Seen, "createdAt" | "values"> & { readonly side: Side },
  rules: readonly FieldRule[],
): Pair {
  const open = createOn(pair, found.side);
  const earlier = (pair.doc.givenUp ?? []).filter(
    ({ side, horizon }) => side === found.side && Date.parse(found.createdAt) <= horizon + clocksDifferMs,
  );
  const [last, ...others] = open === undefined ? earlier.toReversed() : [open, ...earlier];
  if (last === undefined) return pair;
  const fields = writtenBy([last, ...others], found.values);
  return agreeOn(open === undefined ? pair : withoutIntent(pair, open), last, { rules, fields });
}

/** The same for a record that the answer to the create has named. */
export function settleNamed(pair: Pair, side: Side, rules: readonly FieldRule[]): Pair {
  const intent = createOn(pair, side);
  if (intent === undefined) return pair;
  return agreeOn(withoutIntent(pair, intent), intent, { rules, fields: intent.fields });
}

/** The pair once a create is known to have made nothing, or nothing that anybody can find. */
export function giveUp(pair: Pair, intent: Intent): Pair {
  const { link, doc } = withoutIntent(pair, intent);
  return { link, doc: { ...doc, givenUp: [...(doc.givenUp ?? []), intent] } };
}

function createOn(pair: Pair, side: Side): Intent | undefined {
  return openOn(pair, side).find(({ kind }) => kind === "create");
}

/** What the create wrote that fits best to what a record says now; where several fit as well, what they have in common. */
function writtenBy(creates: readonly [Intent, ...Intent[]], values: Seen["values"]): Intent["fields"] {
  const misfits = ({ fields }: Intent) =>
    Object.keys({ ...fields, ...values }).filter((name) => !isSame(fields[name]?.value, values[name])).length;
  const fewest = Math.min(...creates.map(misfits));
  const [first = creates[0], ...others] = creates.filter((create) => misfits(create) === fewest);
  const common = Object.entries(first.fields).filter(([name, { value }]) =>
    others.every(({ fields }) => isSame(fields[name]?.value, value)),
  );
  return Object.fromEntries(common);
}

/** What a create does not name, it leaves empty. */
function isSame(a: Json = null, b: Json = null): boolean {
  return equalJson(a, b) || (isEmpty(a) && isEmpty(b));
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
