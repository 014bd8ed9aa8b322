import type { Witness } from "./checkpoint.ts";
import { isElsewhere, presenceOf } from "./codec.ts";
import { isOutOfSight } from "./errors.ts";
import { readPage } from "./page.ts";
import type { RowKey } from "./row-key.ts";
import { readDataSource } from "./schema.ts";
import { firstRow, type Source } from "./walk.ts";

const NEWEST_EDIT_FIRST = { timestamp: "last_edited_time", direction: "descending" };

/** Whether an answer without rows can be believed. */
export type EmptyVerdict =
  | { readonly isCredible: true; readonly proof: string; readonly newest: RowKey | null }
  | { readonly isCredible: false; readonly reason: string };

/**
 * "No rows" is also what a fault or lost access looks like, so it needs a second opinion: the newest row of all, and
 * when there is none, the row that is known to exist. Neither advances anything by itself.
 */
export async function judgeEmpty(
  source: Source,
  witness: Witness | null,
  isContradiction: (newest: RowKey) => boolean,
): Promise<EmptyVerdict> {
  // Without a row that is known to exist, access has to be proven on both sides of the second look: an outage that ends
  // between the look and a single proof would pass for an empty data source.
  if (witness === null) await readDataSource(source.client, source.dataSourceId, source.signal);
  const newest = await firstRow(source, { conditions: [], sort: NEWEST_EDIT_FIRST });
  if (newest !== null && isContradiction(newest)) {
    return {
      isCredible: false,
      reason: `Notion listed no rows, and then row ${newest.id}, which it should have listed`,
    };
  }
  if (newest !== null) return { isCredible: true, proof: `row ${newest.id} was listed`, newest };
  if (witness === null) {
    await readDataSource(source.client, source.dataSourceId, source.signal);
    return { isCredible: true, proof: "the data source was read, and is empty", newest: null };
  }
  return judgeWitness(source, witness);
}

async function judgeWitness(source: Source, { id }: Witness): Promise<EmptyVerdict> {
  const found = await source.client.page(id, source.signal);
  if ("refused" in found) {
    if (!isOutOfSight(found.refused)) throw found.refused;
    // Deleted for good or no longer ours to see: Notion does not say which.
    return {
      isCredible: false,
      reason: `Notion listed no rows, and row ${id}, known from before, cannot be read`,
    };
  }
  const read = readPage(found.object);
  const isGone =
    "page" in read && (presenceOf(read.page) !== "live" || isElsewhere(read.page, source.dataSourceId));
  if (isGone)
    return { isCredible: true, proof: `row ${id} was read, and is no longer in place`, newest: null };
  return { isCredible: false, reason: `Notion listed no rows, but row ${id} is still in place` };
}
