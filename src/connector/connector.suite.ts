import { describe, expect, it } from "vitest";
import { fingerprint, type SourceRecord } from "../core/record.ts";
import type { Checkpoint, Connector, PullBatch, PullEnd, PullMode } from "./connector.ts";

/** A collection under test, and what people and faults do to it behind the connector's back. */
export interface ConnectorWorld extends AsyncDisposable {
  readonly connector: Connector;
  add(title: string): Promise<string>;
  addMany(count: number): Promise<readonly string[]>;
  edit(id: string, title: string): Promise<void>;
  trash(id: string): Promise<void>;
  restore(id: string): Promise<void>;
  /** Deletes for good, past the trash. */
  remove(id: string): Promise<void>;
  /** From now on one field of this record cannot be read whole. Returns the field's id. */
  hideField(id: string): Promise<string>;
  /** From now on the collection cannot be listed to its end, though it can be read. */
  obstruct(): Promise<void>;
  revokeAccess(): Promise<void>;
  /** The vendor's time. */
  advance(ms: number): void;
  titleOf(record: SourceRecord): string;
}

export interface ConnectorCase {
  readonly name: string;
  readonly check: (world: ConnectorWorld) => Promise<void>;
}

export type OpenWorld = () => Promise<ConnectorWorld>;

/** Long enough that nothing is in doubt any more, whatever a vendor's delays are. */
export const SETTLED_MS = 30 * 60_000;
/** More than two pages for every vendor there is. */
const MANY = 230;

interface Pulled {
  readonly records: readonly SourceRecord[];
  readonly batches: readonly PullBatch[];
  readonly end: PullEnd;
}

/** Everything that a pull gives. */
export async function pull(
  connector: Connector,
  mode: PullMode,
  checkpoint: Checkpoint = null,
): Promise<Pulled> {
  const pulling = connector.pull({ mode, checkpoint, memosOf: async () => new Map(), knownFields: null });
  const batches: PullBatch[] = [];
  for (;;) {
    const next = await pulling.next();
    if (next.done) return { records: batches.flatMap((batch) => batch.records), batches, end: next.value };
    batches.push(next.value);
  }
}

/** The record that one strong read shows. */
export async function readRecord(connector: Connector, id: string): Promise<SourceRecord> {
  const observed = await connector.get(id);
  if ("record" in observed) return observed.record;
  throw new Error(`expected a record, got ${observed.presence}`);
}

const idsOf = (records: readonly SourceRecord[]) => records.map((record) => record.id).sort();

/** A world with one record, read completely and settled. */
async function settledOne(world: ConnectorWorld): Promise<{ id: string; checkpoint: Checkpoint }> {
  const id = await world.add("One");
  world.advance(SETTLED_MS);
  const { end } = await pull(world.connector, "full");
  world.advance(SETTLED_MS);
  return { id, checkpoint: end.checkpoint };
}

const reading: readonly ConnectorCase[] = [
  {
    name: "lists every record once, over as many pages as it takes",
    async check(world) {
      const ids = await world.addMany(MANY);
      const { records, end } = await pull(world.connector, "full");
      expect(idsOf(records)).toEqual([...ids].sort());
      expect(end).toMatchObject({ isComplete: true, reason: null });
      expect(end.checkpoint).not.toBeNull();
      expect(end.accessProof).not.toBeNull();
    },
  },
  {
    name: "resumes a full pull at any batch and lists the rest",
    async check(world) {
      const ids = await world.addMany(MANY);
      const whole = await pull(world.connector, "full");
      for (const [index, batch] of whole.batches.entries()) {
        expect(batch.resumeAt).toBeTruthy();
        const before = whole.batches.slice(0, index + 1).flatMap((each) => each.records);
        const rest = await pull(world.connector, "full", batch.resumeAt ?? null);
        expect(new Set(idsOf([...before, ...rest.records]))).toEqual(new Set(ids));
      }
    },
  },
  {
    name: "describes every field that its records carry",
    async check(world) {
      await world.add("One");
      const { fields } = await world.connector.describe();
      const { records } = await pull(world.connector, "full");
      const known = new Set(fields.map((field) => field.id));
      const carried = Object.keys(records[0]?.fields ?? {}).filter((id) => !id.startsWith("$"));
      expect(carried.length).toBeGreaterThan(0);
      expect(carried.filter((id) => !known.has(id))).toEqual([]);
    },
  },
  {
    name: "reads one record as it lists it",
    async check(world) {
      const id = await world.add("One");
      const { records } = await pull(world.connector, "full");
      const read = await readRecord(world.connector, id);
      expect(fingerprint(read.fields)).toBe(fingerprint(records[0]?.fields ?? {}));
      expect(read.revision).toBe(records[0]?.revision);
    },
  },
  {
    name: "names a field it could not read whole and leaves out its value",
    async check(world) {
      const id = await world.add("One");
      const field = await world.hideField(id);
      const pulled = (await pull(world.connector, "full")).records.find((record) => record.id === id);
      const observed = await world.connector.get(id);
      for (const record of [pulled, "record" in observed ? observed.record : undefined]) {
        expect(record?.unobserved).toContain(field);
        expect(record?.fields).not.toHaveProperty([field]);
      }
    },
  },
];

const changes: readonly ConnectorCase[] = [
  {
    name: "lists nothing when nothing changed, and proves that it could have",
    async check(world) {
      const { checkpoint } = await settledOne(world);
      const { records, end } = await pull(world.connector, "changes", checkpoint);
      expect(records).toEqual([]);
      expect(end.isComplete).toBe(true);
      expect(end.accessProof).not.toBeNull();
    },
  },
  {
    name: "lists an edited record with its new values",
    async check(world) {
      const { id, checkpoint } = await settledOne(world);
      await world.edit(id, "Edited");
      const { records } = await pull(world.connector, "changes", checkpoint);
      expect(records.map(world.titleOf)).toEqual(["Edited"]);
    },
  },
  {
    name: "lists new records",
    async check(world) {
      const { checkpoint } = await settledOne(world);
      const id = await world.add("Two");
      const { records } = await pull(world.connector, "changes", checkpoint);
      expect(idsOf(records)).toEqual([id]);
    },
  },
  {
    name: "lists the second of two edits under one stamp",
    async check(world) {
      const { id, checkpoint } = await settledOne(world);
      await world.edit(id, "First");
      const first = await pull(world.connector, "changes", checkpoint);
      await world.edit(id, "Second");
      const second = await pull(world.connector, "changes", first.end.checkpoint);
      expect(second.records.map(world.titleOf)).toEqual(["Second"]);
    },
  },
  {
    name: "lists every edit of many pages",
    async check(world) {
      const ids = await world.addMany(MANY);
      world.advance(SETTLED_MS);
      const { end } = await pull(world.connector, "full");
      world.advance(SETTLED_MS);
      for (const id of ids) await world.edit(id, `Edited ${id}`);
      const { records } = await pull(world.connector, "changes", end.checkpoint);
      expect(new Set(idsOf(records))).toEqual(new Set(ids));
    },
  },
];

const deaths: readonly ConnectorCase[] = [
  {
    name: "leaves a trashed record out of a sweep and certifies its death by one read",
    async check(world) {
      const { id, checkpoint } = await settledOne(world);
      await world.trash(id);
      const { records, end } = await pull(world.connector, "sweep", checkpoint);
      expect(records.filter((record) => record.presence === "live")).toEqual([]);
      expect(end.isComplete).toBe(true);
      expect((await world.connector.get(id)).presence).toBe("trashed");
    },
  },
  {
    name: "shows a restored record as live",
    async check(world) {
      const { id } = await settledOne(world);
      await world.trash(id);
      await world.restore(id);
      expect((await world.connector.get(id)).presence).toBe("live");
      expect(idsOf((await pull(world.connector, "sweep")).records)).toEqual([id]);
    },
  },
  {
    name: "never takes a record that cannot be found for a trashed one",
    async check(world) {
      const { id } = await settledOne(world);
      await world.remove(id);
      expect(["unknown", "gone"]).toContain((await world.connector.get(id)).presence);
    },
  },
  {
    name: "leaves the checkpoint as it was after a sweep",
    async check(world) {
      const { checkpoint } = await settledOne(world);
      const { end } = await pull(world.connector, "sweep", checkpoint);
      expect(end.checkpoint).toEqual(checkpoint);
    },
  },
];

const trouble: readonly ConnectorCase[] = [
  {
    name: "says that a pull is incomplete and keeps the checkpoint",
    async check(world) {
      const { checkpoint } = await settledOne(world);
      await world.obstruct();
      for (const [mode, before] of [
        ["full", null],
        ["changes", checkpoint],
        ["sweep", checkpoint],
      ] as const) {
        const { end } = await pull(world.connector, mode, before);
        expect(end.isComplete).toBe(false);
        expect(end.reason).not.toBeNull();
        expect(end.checkpoint).toEqual(before);
      }
    },
  },
  {
    name: "throws ACCESS_LOST for everything once access is gone",
    async check(world) {
      const { id, checkpoint } = await settledOne(world);
      await world.revokeAccess();
      const lost = expect.objectContaining({ code: "ACCESS_LOST" });
      await expect(world.connector.proveAccess()).rejects.toEqual(lost);
      await expect(world.connector.describe()).rejects.toEqual(lost);
      for (const mode of ["full", "changes", "sweep"] as const) {
        await expect(pull(world.connector, mode, mode === "full" ? null : checkpoint)).rejects.toEqual(lost);
      }
      const observed = await world.connector.get(id).catch(() => ({ presence: "unknown" }));
      expect(observed.presence).toBe("unknown");
    },
  },
];

/** What every connector does. A plain list, so that deliberately broken connectors can be run through it, too. */
export const connectorCases: readonly ConnectorCase[] = [...reading, ...changes, ...deaths, ...trouble];

export async function checkCase({ check }: ConnectorCase, open: OpenWorld): Promise<void> {
  await using world = await open();
  await check(world);
}

/** The behavioural suite: part of the Connector contract, for every implementation. */
export function describeConnector(name: string, open: OpenWorld): void {
  describe(name, () => {
    for (const each of connectorCases) it(each.name, () => checkCase(each, open));
  });
}
