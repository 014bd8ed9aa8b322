import type { Json } from "../core/json.ts";
import type { Pair } from "../engine/two-way/link.ts";

/** What people call a record of a pair: its title where it is known, or else its id. */
export function titleOf({ link, doc }: Pair, titleField: string | null): string {
  const named =
    titleField === null
      ? undefined
      : (valueIn(doc.seen.left, titleField) ?? valueIn(doc.seen.right, titleField));
  if (typeof named === "string" && named !== "") return named;
  if (typeof named === "number") return String(named);
  return link.leftId ?? link.rightId ?? link.id;
}

function valueIn(seen: Pair["doc"]["seen"]["left"], field: string): Json | undefined {
  return seen?.values[field] ?? undefined;
}
