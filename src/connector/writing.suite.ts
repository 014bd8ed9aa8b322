import { describe, expect, it } from "vitest";
import type { Json } from "../core/json.ts";
import { fingerprint, type SourceRecord } from "../core/record.ts";
import { type ConnectorWorld, pull, readRecord, SETTLED_MS } from "./connector.suite.ts";
import type { RecordWrite, WritableConnector, WriteOutcome } from "./connector.ts";

/** A collection under test that is also written to. */
export interface WritableWorld extends ConnectorWorld {
  readonly connector: WritableConnector;
  /** Two fields of which every record has both, and canonical values that they take. */
  readonly sample: {
    readonly title: { readonly field: string; readonly values: readonly [Json, Json, Json] };
    readonly other: { readonly field: string; readonly values: readonly [Json, Json, Json] };
  };
  /** How many writes the vendor has received, refused ones too. */
  writesSeen(): number;
  /** The answer to the next write is lost, before or after it took effect. null: this side settles every write. */
  readonly loseAnswer: ((when: "before" | "after") => void) | null;
}

export interface WritingCase {
  readonly name: string;
  readonly check: (world: WritableWorld) => Promise<void>;
}

export type OpenWritableWorld = () => Promise<WritableWorld>;

const inTime = { sendBy: Number.POSITIVE_INFINITY };
const MARKER = "lk-0193a1b2c3d4";

/** Both fields of the sample, the first of their values. */
function firstValues({ sample: { title, other } }: WritableWorld): Record<string, Json> {
  return { [title.field]: title.values[0], [other.field]: other.values[0] };
}

function recordIn(outcome: WriteOutcome): SourceRecord {
  if (outcome.kind !== "applied")
    throw new Error(`expected the write to be applied: ${JSON.stringify(outcome)}`);
  return outcome.record;
}

async function make(world: WritableWorld, marker = MARKER): Promise<SourceRecord> {
  const fields = firstValues(world);
  return recordIn(await world.connector.apply({ kind: "create", marker, fields }, inTime));
}

/** Every record that a reading of everything lists. */
async function listAll({ connector }: WritableWorld): Promise<readonly SourceRecord[]> {
  const { records } = await pull(connector, "full");
  return records;
}

function updateOf(
  { id, revision }: SourceRecord,
  fields: Readonly<Record<string, Json>>,
): RecordWrite & { readonly kind: "update" | "restore" } {
  return { kind: "update", id, fields, expected: { revision } };
}

/** An answer that the caller can only take for "not written". */
async function expectNotWritten(outcome: Promise<WriteOutcome>): Promise<void> {
  expect(["refused", "stale"]).toContain((await outcome).kind);
}

const applied: readonly WritingCase[] = [
  {
    name: "returns the record it made, with its marker, as it is read afterwards",
    async check(world) {
      const made = await make(world);
      expect(made).toMatchObject({
        presence: "live",
        marker: MARKER,
        isOurs: true,
        fields: firstValues(world),
      });
      const read = await readRecord(world.connector, made.id);
      expect(read).toMatchObject({ presence: "live", marker: MARKER, isOurs: true });
      expect(fingerprint(read.fields)).toBe(fingerprint(made.fields));
      expect(read.revision).toBe(made.revision);
    },
  },
  {
    name: "lists what it made with its marker, and what people made without",
    async check(world) {
      const theirs = await world.add("Theirs");
      const { id } = await make(world);
      const listed = await listAll(world);
      expect(listed.find((record) => record.id === id)).toMatchObject({ marker: MARKER, isOurs: true });
      const other = listed.find((record) => record.id === theirs);
      expect(other?.marker ?? null).toBeNull();
      expect(other?.isOurs ?? false).toBe(false);
    },
  },
  {
    name: "changes the fields that are written and no others",
    async check(world) {
      const made = await make(world);
      const { title, other } = world.sample;
      const updated = recordIn(
        await world.connector.apply(updateOf(made, { [other.field]: other.values[1] }), inTime),
      );
      const wanted = { [title.field]: title.values[0], [other.field]: other.values[1] };
      expect(updated).toMatchObject({ id: made.id, fields: wanted, marker: MARKER });
      expect((await readRecord(world.connector, made.id)).fields).toMatchObject(wanted);
    },
  },
  {
    name: "reads every value back as it was written",
    async check(world) {
      let record = await make(world);
      for (const { field, values } of Object.values(world.sample)) {
        for (const value of [...values, values[0]]) {
          record = recordIn(await world.connector.apply(updateOf(record, { [field]: value }), inTime));
          expect(record.fields[field]).toEqual(value);
          expect((await readRecord(world.connector, record.id)).fields[field]).toEqual(value);
        }
      }
    },
  },
  {
    name: "gives a record its marker later",
    async check(world) {
      const record = await readRecord(world.connector, await world.add("Theirs"));
      const marked = await world.connector.apply({ ...updateOf(record, {}), marker: MARKER }, inTime);
      expect(recordIn(marked)).toMatchObject({ id: record.id, marker: MARKER });
      expect(world.titleOf(recordIn(marked))).toBe("Theirs");
    },
  },
  {
    name: "trashes a record so that it can still be read, and restores it with other values",
    async check(world) {
      const made = await make(world);
      const expected = { revision: made.revision };
      const trashed = recordIn(await world.connector.apply({ kind: "trash", id: made.id, expected }, inTime));
      expect(trashed.presence).toBe("trashed");
      const read = await readRecord(world.connector, made.id);
      expect(read).toMatchObject({ presence: "trashed", fields: firstValues(world) });
      const { field, values } = world.sample.title;
      const restore = {
        kind: "restore",
        id: made.id,
        fields: { [field]: values[1] },
        expected: { revision: read.revision },
      } as const;
      const restored = recordIn(await world.connector.apply(restore, inTime));
      expect(restored).toMatchObject({ presence: "live", id: made.id, fields: { [field]: values[1] } });
      expect((await readRecord(world.connector, made.id)).presence).toBe("live");
    },
  },
  {
    name: "sends one request for each write",
    async check(world) {
      const made = await make(world);
      expect(world.writesSeen()).toBe(1);
      const { field, values } = world.sample.title;
      const updated = recordIn(await world.connector.apply(updateOf(made, { [field]: values[1] }), inTime));
      expect(world.writesSeen()).toBe(2);
      await world.connector.apply(
        { kind: "trash", id: made.id, expected: { revision: updated.revision } },
        inTime,
      );
      expect(world.writesSeen()).toBe(3);
      expect((await listAll(world)).length).toBe(0);
    },
  },
];

const found: readonly WritingCase[] = [
  {
    name: "finds what it made by its marker, and nothing by another",
    async check(world) {
      const { id } = await make(world);
      await make(world, `${MARKER}5`);
      world.advance(SETTLED_MS);
      const mine = await world.connector.find(MARKER);
      expect(mine.records.map((record) => record.id)).toEqual([id]);
      expect(mine.records[0]).toMatchObject({ marker: MARKER, isOurs: true });
      const none = await world.connector.find("lk-none");
      expect(none.records).toEqual([]);
      expect(none.accessProof).not.toBeNull();
    },
  },
  {
    name: "proves nothing by finding nothing once access is gone",
    async check(world) {
      await make(world);
      await world.revokeAccess();
      const lost = await world.connector.find(MARKER).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "ACCESS_LOST" });
        return { accessProof: null };
      });
      expect(lost.accessProof).toBeNull();
    },
  },
  {
    name: "is in doubt about a write without an answer, and sends it no second time",
    async check(world) {
      if (world.loseAnswer === null) {
        expect((await world.connector.describe()).capabilities.lateWriteMs).toBe(0);
        return;
      }
      for (const [when, count] of [
        ["before", 0],
        ["after", 1],
      ] as const) {
        const marker = `${MARKER}-${when}`;
        const before = world.writesSeen();
        world.loseAnswer(when);
        const outcome = await world.connector.apply(
          { kind: "create", marker, fields: firstValues(world) },
          inTime,
        );
        expect(outcome.kind).toBe("doubt");
        expect(world.writesSeen()).toBe(before + 1);
        world.advance(SETTLED_MS);
        expect((await world.connector.find(marker)).records.length).toBe(count);
      }
    },
  },
];

const refused: readonly WritingCase[] = [
  {
    name: "refuses a field that the collection does not have, and writes no other field of it",
    async check(world) {
      const made = await make(world);
      const { field, values } = world.sample.title;
      const write = updateOf(made, { [field]: values[1], "no such field": values[1] });
      const outcome = await world.connector.apply(write, inTime);
      expect(outcome).toMatchObject({ kind: "refused", retryAfterMs: null });
      expect((await readRecord(world.connector, made.id)).fields[field]).toEqual(values[0]);
    },
  },
  {
    name: "does not write a record that is not there",
    async check(world) {
      const made = await make(world);
      await world.remove(made.id);
      const { field, values } = world.sample.title;
      await expectNotWritten(world.connector.apply(updateOf(made, { [field]: values[1] }), inTime));
      expect(await listAll(world)).toEqual([]);
    },
  },
  {
    name: "leaves a trashed record in the trash when it is to be updated",
    async check(world) {
      const made = await make(world);
      await world.trash(made.id);
      const { field, values } = world.sample.title;
      await expectNotWritten(world.connector.apply(updateOf(made, { [field]: values[1] }), inTime));
      expect((await world.connector.get(made.id)).presence).toBe("trashed");
    },
  },
  {
    name: "heeds what the write was planned on exactly when it promises preconditions",
    async check(world) {
      const made = await make(world);
      await world.edit(made.id, "By a person");
      const { field, values } = world.sample.title;
      const outcome = await world.connector.apply(updateOf(made, { [field]: values[1] }), inTime);
      const { hasPreconditions } = (await world.connector.describe()).capabilities;
      const read = await readRecord(world.connector, made.id);
      if (hasPreconditions) {
        expect(outcome).toEqual({ kind: "stale" });
        expect(world.titleOf(read)).toBe("By a person");
      } else {
        expect(outcome.kind).toBe("applied");
        expect(read.fields[field]).toEqual(values[1]);
      }
    },
  },
  {
    name: "sends nothing when its time is over or it was cancelled",
    async check(world) {
      const create = { kind: "create", marker: MARKER, fields: firstValues(world) } as const;
      const late = await world.connector.apply(create, { sendBy: Number.NEGATIVE_INFINITY });
      expect(late).toMatchObject({ kind: "refused", code: "SENT_TOO_LATE", retryAfterMs: 0 });
      const cancelled = await world.connector
        .apply(create, { ...inTime, signal: AbortSignal.abort() })
        .catch((error: unknown) => {
          expect(error).toMatchObject({ code: "CANCELLED" });
          return { kind: "refused" };
        });
      expect(cancelled.kind).toBe("refused");
      expect(world.writesSeen()).toBe(0);
      expect(await listAll(world)).toEqual([]);
    },
  },
  {
    name: "throws ACCESS_LOST for writes that were not carried out because access is gone",
    async check(world) {
      await world.connector.describe();
      await world.revokeAccess();
      const create = { kind: "create", marker: MARKER, fields: firstValues(world) } as const;
      await expect(world.connector.apply(create, inTime)).rejects.toMatchObject({ code: "ACCESS_LOST" });
    },
  },
];

/** What every connector does that writes, beside what all connectors do. */
export const writingCases: readonly WritingCase[] = [...applied, ...found, ...refused];

export async function checkWritingCase({ check }: WritingCase, open: OpenWritableWorld): Promise<void> {
  await using world = await open();
  await check(world);
}

/** The writing part of the behavioural suite. */
export function describeWritableConnector(name: string, open: OpenWritableWorld): void {
  describe(`${name}, writing`, () => {
    for (const each of writingCases) it(each.name, () => checkWritingCase(each, open));
  });
}
