import type { ApplyOptions, RecordWrite, WriteOutcome } from "../../connector/connector.ts";
import type { CollectionRecord, CollectionWrite } from "../../core/collection/record.ts";
import { statusField } from "../../core/collection/write.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { problemIn, revisionText, toRecord } from "./codec.ts";
import type { CollectionWorld } from "./config.ts";

/** Reads the record, then writes it as long as it is still that one. */
export async function applyToCollection(
  world: CollectionWorld,
  write: RecordWrite,
  { sendBy, signal }: ApplyOptions,
): Promise<WriteOutcome> {
  const { config, access, clock } = world;
  const problem = write.kind === "trash" ? null : problemIn(config, write.fields);
  if (problem !== null) return { kind: "refused", ...problem, retryAfterMs: null };
  if (signal?.aborted === true) return notSent("CANCELLED", "Cancelled before it was written.");
  if (clock.monotonic() > sendBy) return notSent("SENT_TOO_LATE", "Its turn came too late.");
  const planned = write.kind === "create" ? await creating(world, write) : await changing(world, write);
  if ("kind" in planned) return planned;
  const { by } = config;
  const at = new Date(clock.now()).toISOString();
  try {
    const { stale, records } = await access.commitRecords({ by, runId: null, at, writes: [planned] });
    const [record] = records;
    if (stale.length > 0 || record === undefined) return { kind: "stale" };
    return { kind: "applied", record: toRecord(config, record) };
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === "ACCESS_LOST") throw error;
    // The answer may have been lost, and not the write.
    return { kind: "doubt", reason: error.message, committedId: null };
  }
}

async function creating(
  { config, access, ids }: CollectionWorld,
  { fields, marker }: RecordWrite & { readonly kind: "create" },
): Promise<CollectionWrite> {
  const { collection, keyField } = config;
  const key = keyField === null ? null : fields[keyField];
  const isFree =
    typeof key === "string" && key !== "" && (await access.getRecords(collection, [key])).length === 0;
  const id = isFree ? key : ids.next();
  // What is left empty in a new record, or a box that nobody has ticked, is no word about it.
  const filled = Object.entries(fields).filter(
    ([, value]) => value !== null && value !== false && value !== "",
  );
  const provenance = wordOn(config, Object.fromEntries(filled));
  return { collection, id, expected: 0, fields, marker, provenance, reason: `made by ${config.by}` };
}

async function changing(
  { config, access }: CollectionWorld,
  write: Exclude<RecordWrite, { readonly kind: "create" }>,
): Promise<CollectionWrite | WriteOutcome> {
  const { collection, by } = config;
  const [record] = await access.getRecords(collection, [write.id]);
  const problem = refusalOf(record, write);
  if (problem !== null || record === undefined) return problem ?? { kind: "stale" };
  const base = { collection, id: write.id, expected: record.revision };
  const word = { [statusField]: config.provenance };
  if (write.kind === "trash")
    return { ...base, fields: {}, status: "trashed", provenance: word, reason: `deleted by ${by}` };
  const { fields, marker } = write;
  const provenance = wordOn(config, fields);
  const marked = marker === undefined ? {} : { marker };
  const reason = `changed by ${by}`;
  return write.kind === "update"
    ? { ...base, ...marked, fields, provenance, reason }
    : {
        ...base,
        ...marked,
        fields,
        status: "live",
        provenance: { ...provenance, ...word },
        reason: `brought back by ${by}`,
      };
}

function refusalOf(
  record: CollectionRecord | undefined,
  { id, kind, expected }: Exclude<RecordWrite, { readonly kind: "create" }>,
): WriteOutcome | null {
  const refused = (code: string, message: string) =>
    ({ kind: "refused", code, message, retryAfterMs: null }) as const;
  if (record === undefined)
    return refused("RECORD_NOT_FOUND", `Tried to write record ${id}, which is not there.`);
  if (revisionText(record.revision) !== expected.revision) return { kind: "stale" };
  if (kind === "update" && record.status === "trashed")
    return refused("RECORD_TRASHED", `Tried to change record ${id}, which is in the trash.`);
  return null;
}

/** Who speaks through the connector vouches for what it writes. */
function wordOn({ provenance }: CollectionWorld["config"], fields: Readonly<Record<string, Json>>) {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, provenance]));
}

function notSent(code: string, message: string): WriteOutcome {
  return { kind: "refused", code, message, retryAfterMs: 0 };
}
