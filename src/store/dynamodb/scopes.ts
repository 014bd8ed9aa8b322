import type { Item, Key, ValueMap, WriteOperation } from "./items.ts";
import { numberIn, textIn } from "./items.ts";
import { type Update, updateInput } from "./writes.ts";

// A scope is what is written together: a sync, a collection, a task of nobody's. Its head counts the writes; each write
// names the count that it was planned on. So all that was read of a scope since its head was read still holds.

/** The key of a scope's head. */
export type Scope = Key;

export type Counts = Readonly<Record<string, number>>;

export interface Head {
  readonly scope: Scope;
  /** 0: nothing was written yet. */
  readonly generation: number;
  /** The commit that is being carried out. Nothing else is written before that is done. */
  readonly pending: string | null;
  /** The last commit. */
  readonly token: string | null;
  readonly counts: Counts;
  /** The whole item: a sync's head is its lease as well. */
  readonly item: Item | null;
}

export type Change =
  /** Something new, which is never deleted. */
  | { readonly kind: "insert"; readonly table: string; readonly item: Item }
  /** In place of what is there, if anything is. */
  | { readonly kind: "replace"; readonly table: string; readonly item: Item }
  /** Its condition fails, and it changes nothing, when it was made before. */
  | { readonly kind: "update"; readonly update: Update };

/** What a write makes of one scope. */
export interface ScopeWrite {
  readonly head: Head;
  /** Without them they stay. */
  readonly counts?: Counts;
  readonly changes: readonly Change[];
}

export function headOf(scope: Scope, item: Item | null): Head {
  return {
    scope,
    generation: numberIn(item, "generation"),
    pending: textIn(item, "pending"),
    token: textIn(item, "token"),
    counts: countsIn(item),
    item,
  };
}

/** Moves a head on by one, if it is as it was read. `pending`: and marks it as being worked on. */
export function headOperation(
  { head, counts = head.counts }: ScopeWrite,
  { token, pending }: { readonly token: string; readonly pending: boolean },
): WriteOperation {
  const { scope, generation } = head;
  const isAsRead = generation === 0 ? "attribute_not_exists(#generation)" : "#generation = :read";
  return {
    Update: updateInput({
      key: scope,
      expression: `SET #generation = :next, #token = :token, #counts = :counts${pending ? ", #pending = :token" : ""}`,
      condition: `${isAsRead} AND attribute_not_exists(#pending)`,
      names: { "#generation": "generation", "#token": "token", "#counts": "counts", "#pending": "pending" },
      values: {
        ":next": generation + 1,
        ":token": token,
        ":counts": counts,
        ...(generation === 0 ? {} : { ":read": generation }),
      },
    }),
  };
}

/** A change as part of the write that makes `generation` of its scope. Made once more after that write it does nothing. */
export function changeOperation(change: Change, generation: number): WriteOperation {
  switch (change.kind) {
    case "insert":
      return {
        Put: {
          TableName: change.table,
          Item: { ...change.item, generation },
          ConditionExpression: "attribute_not_exists(pk)",
        },
      };
    case "replace":
      return {
        Put: {
          TableName: change.table,
          Item: { ...change.item, generation },
          ConditionExpression: "attribute_not_exists(pk) OR #generation < :generation",
          ExpressionAttributeNames: { "#generation": "generation" },
          ExpressionAttributeValues: { ":generation": generation },
        },
      };
    case "update":
      return { Update: updateInput(change.update) };
  }
}

/** `counts` with the differences added. */
export function added(counts: Counts, differences: Counts): Counts {
  const sums: Record<string, number> = { ...counts };
  for (const [name, difference] of Object.entries(differences)) {
    sums[name] = (sums[name] ?? 0) + difference;
  }
  return sums;
}

function countsIn(item: ValueMap | null): Counts {
  const counts = item?.counts;
  if (typeof counts !== "object" || counts === null || Array.isArray(counts)) return {};
  return Object.fromEntries(
    Object.entries(counts).flatMap(([name, count]) => (typeof count === "number" ? [[name, count]] : [])),
  );
}
