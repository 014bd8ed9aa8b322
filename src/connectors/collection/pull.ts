import type { Checkpoint, PullBatch, PullEnd, PullRequest } from "../../connector/connector.ts";
import type { CollectionRecord } from "../../core/collection/record.ts";
import { LockstepError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/json.ts";
import { revisionText, schemaOf, toRecord } from "./codec.ts";
import type { CollectionWorld } from "./config.ts";

const PAGE_SIZE = 200;

/**
 * Records in the order of their last change, after the checkpoint's. A record that changes while it is read moves to the
 * end and is read again there, so that nothing is passed over. The reading is complete when it has come to the change
 * that was the last one when it began.
 */
export async function* pullCollection(
  { config, access }: CollectionWorld,
  { mode, checkpoint, knownFields, signal }: PullRequest,
): AsyncGenerator<PullBatch, PullEnd, void> {
  const { collection } = config;
  const from = mode === "sweep" ? 0 : revisionIn(checkpoint);
  const { revision: last } = await access.getCollectionTotals(collection);
  const isShown = ({ status }: CollectionRecord) => mode === "changes" || status === "live";
  let reached = from;
  let pages = 0;
  let rows = 0;
  for (;;) {
    if (signal?.aborted === true) throw new LockstepError("CANCELLED", "The reading was stopped.");
    const page = await access.changesSince(collection, { revision: reached, limit: PAGE_SIZE });
    if (page.length > 0) {
      pages += 1;
      reached = page.at(-1)?.revision ?? reached;
      const records = page.filter(isShown).map((record) => toRecord(config, record));
      rows += records.length;
      const batch = { records, same: [], unreadable: [] };
      yield mode === "full" ? { ...batch, resumeAt: { revision: reached } } : batch;
    }
    if (page.length < PAGE_SIZE) break;
  }
  const isComplete = reached >= last;
  return {
    isComplete,
    reason: isComplete
      ? null
      : `change ${last} of ${collection} was made, and change ${reached} is the last one listed`,
    checkpoint: isComplete && mode !== "sweep" ? { revision: reached } : checkpoint,
    windows: [
      {
        stream: mode,
        from: revisionText(from),
        to: revisionText(reached),
        pages,
        rows,
        isCapped: !isComplete,
      },
    ],
    truncated: { found: 0, completed: 0, failed: 0 },
    isSchemaChanged:
      knownFields !== null &&
      canonicalJson(shapeOf(knownFields)) !== canonicalJson(shapeOf(schemaOf(config))),
    accessProof: isComplete ? `change ${reached} of ${collection} was listed` : null,
  };
}

function shapeOf(fields: NonNullable<PullRequest["knownFields"]>) {
  return fields.map(({ id, type }) => [id, type]);
}

function revisionIn(checkpoint: Checkpoint): number {
  const revision = checkpoint?.revision;
  return typeof revision === "number" ? revision : 0;
}
