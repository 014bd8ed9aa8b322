import { describe, expect, it } from "vitest";
import type {
  ApplyOptions,
  RecordWrite,
  WritableConnector,
  WriteOutcome,
} from "../../src/connector/connector.ts";
import {
  checkWritingCase,
  type OpenWritableWorld,
  type WritableWorld,
  writingCases,
} from "../../src/connector/writing.suite.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import { openMemoryWorld, openNotionWorld } from "./worlds.ts";

/** A connector that is right but for one thing, and a case that has to notice. */
interface Broken {
  readonly fault: string;
  readonly noticedBy: string;
  readonly spoil: (world: WritableWorld) => Partial<WritableConnector>;
  /** Only where writes are promised to heed what they were planned on. */
  readonly needsPreconditions?: true;
}

/** The apply of a connector with its writes and outcomes passed through the given hands. */
function spoiledApply(
  { connector }: WritableWorld,
  hands: {
    write?: (write: RecordWrite, options: ApplyOptions) => Promise<RecordWrite> | RecordWrite;
    options?: (options: ApplyOptions) => ApplyOptions;
    outcome?: (
      outcome: WriteOutcome,
      write: RecordWrite,
      options: ApplyOptions,
    ) => Promise<WriteOutcome> | WriteOutcome;
  },
): Pick<WritableConnector, "apply"> {
  return {
    async apply(write, options) {
      const sent = (await hands.write?.(write, options)) ?? write;
      const allowed = hands.options?.(options) ?? options;
      const outcome = await connector.apply(sent, allowed);
      return hands.outcome === undefined ? outcome : await hands.outcome(outcome, write, allowed);
    },
  };
}

const changeRecord =
  (change: (record: SourceRecord, write: RecordWrite) => SourceRecord) =>
  (outcome: WriteOutcome, write: RecordWrite): WriteOutcome =>
    outcome.kind === "applied" ? { kind: "applied", record: change(outcome.record, write) } : outcome;

const broken: readonly Broken[] = [
  {
    fault: "deletes for good",
    noticedBy: "trashes a record so that it can still be read, and restores it with other values",
    spoil: (world) =>
      spoiledApply(world, {
        async outcome(outcome, write) {
          if (write.kind === "trash") await world.remove(write.id);
          return outcome;
        },
      }),
  },
  {
    fault: "writes twice",
    noticedBy: "sends one request for each write",
    spoil: (world) =>
      spoiledApply(world, { outcome: (_, write, options) => world.connector.apply(write, options) }),
  },
  {
    fault: "sends a write without an answer again",
    noticedBy: "is in doubt about a write without an answer, and sends it no second time",
    spoil: (world) =>
      spoiledApply(world, {
        outcome: (outcome, write, options) =>
          outcome.kind === "doubt" ? world.connector.apply(write, options) : outcome,
      }),
  },
  {
    fault: "takes a write without an answer for one without effect",
    noticedBy: "is in doubt about a write without an answer, and sends it no second time",
    spoil: (world) =>
      spoiledApply(world, {
        outcome: (outcome) =>
          outcome.kind === "doubt"
            ? { kind: "refused", code: "UPSTREAM_FAILED", message: "no answer", retryAfterMs: 0 }
            : outcome,
      }),
  },
  {
    fault: "ignores what the write was planned on",
    noticedBy: "heeds what the write was planned on exactly when it promises preconditions",
    needsPreconditions: true,
    spoil: (world) =>
      spoiledApply(world, {
        async write(write) {
          if (write.kind === "create") return write;
          const observed = await world.connector.get(write.id);
          return "record" in observed
            ? { ...write, expected: { revision: observed.record.revision } }
            : write;
        },
      }),
  },
  {
    fault: "drops the marker",
    noticedBy: "finds what it made by its marker, and nothing by another",
    spoil: (world) =>
      spoiledApply(world, {
        write: (write) => (write.kind === "create" ? { ...write, marker: "lost" } : write),
      }),
  },
  {
    fault: "shows no marker in what it made",
    noticedBy: "returns the record it made, with its marker, as it is read afterwards",
    spoil: (world) =>
      spoiledApply(world, { outcome: changeRecord((record) => ({ ...record, marker: null })) }),
  },
  {
    fault: "takes everybody's records for its own",
    noticedBy: "lists what it made with its marker, and what people made without",
    spoil: ({ connector }) => ({
      async *pull(request) {
        const pulling = connector.pull(request);
        for (;;) {
          const next = await pulling.next();
          if (next.done) return next.value;
          yield { ...next.value, records: next.value.records.map((record) => ({ ...record, isOurs: true })) };
        }
      },
    }),
  },
  {
    fault: "answers applied without writing",
    noticedBy: "changes the fields that are written and no others",
    spoil: ({ connector }) => ({
      async apply(write, options) {
        if (write.kind !== "update") return connector.apply(write, options);
        const observed = await connector.get(write.id);
        if (!("record" in observed)) return connector.apply(write, options);
        const { record } = observed;
        return { kind: "applied", record: { ...record, fields: { ...record.fields, ...write.fields } } };
      },
    }),
  },
  {
    fault: "returns what it was told to write, and nothing else of the record",
    noticedBy: "changes the fields that are written and no others",
    spoil: (world) =>
      spoiledApply(world, {
        outcome: changeRecord((record, write) => ({
          ...record,
          fields: write.kind === "trash" ? {} : write.fields,
        })),
      }),
  },
  {
    fault: "clears the fields that are not written",
    noticedBy: "changes the fields that are written and no others",
    spoil: (world) =>
      spoiledApply(world, {
        write: (write) =>
          write.kind === "update"
            ? { ...write, fields: { [world.sample.title.field]: { plain: "", rich: null }, ...write.fields } }
            : write,
      }),
  },
  {
    fault: "leaves out fields that the collection does not have",
    noticedBy: "refuses a field that the collection does not have, and writes no other field of it",
    spoil: (world) =>
      spoiledApply(world, {
        write(write) {
          if (write.kind === "trash") return write;
          const { "no such field": _, ...fields } = write.fields;
          return { ...write, fields };
        },
      }),
  },
  {
    fault: "brings a trashed record back to update it",
    noticedBy: "leaves a trashed record in the trash when it is to be updated",
    spoil: (world) =>
      spoiledApply(world, {
        async write(write) {
          if (write.kind !== "update") return write;
          const observed = await world.connector.get(write.id);
          return observed.presence === "trashed" && "record" in observed
            ? { ...write, kind: "restore", expected: { revision: observed.record.revision } }
            : write;
        },
      }),
  },
  {
    fault: "makes anew what is not there",
    noticedBy: "does not write a record that is not there",
    spoil: (world) =>
      spoiledApply(world, {
        async outcome(outcome, write, options) {
          if (write.kind !== "update" || outcome.kind === "applied") return outcome;
          return world.connector.apply({ kind: "create", marker: "again", fields: write.fields }, options);
        },
      }),
  },
  {
    fault: "restores the presence alone",
    noticedBy: "trashes a record so that it can still be read, and restores it with other values",
    spoil: (world) =>
      spoiledApply(world, {
        write: (write) => (write.kind === "restore" ? { ...write, fields: {} } : write),
      }),
  },
  {
    fault: "sends what comes too late",
    noticedBy: "sends nothing when its time is over or it was cancelled",
    spoil: (world) =>
      spoiledApply(world, { options: (options) => ({ ...options, sendBy: Number.POSITIVE_INFINITY }) }),
  },
  {
    fault: "sends what was cancelled",
    noticedBy: "sends nothing when its time is over or it was cancelled",
    spoil: (world) => spoiledApply(world, { options: ({ sendBy }) => ({ sendBy }) }),
  },
  {
    fault: "finds by the beginning of a marker",
    noticedBy: "finds what it made by its marker, and nothing by another",
    spoil: ({ connector }) => ({
      async find(marker) {
        const [first, second] = await Promise.all([connector.find(marker), connector.find(`${marker}5`)]);
        return { ...first, records: [...first.records, ...second.records] };
      },
    }),
  },
  {
    fault: "takes lost access for having found nothing",
    noticedBy: "proves nothing by finding nothing once access is gone",
    spoil: () => ({ find: async () => ({ records: [], accessProof: "all is well" }) }),
  },
  {
    fault: "takes lost access for a refusal",
    noticedBy: "throws ACCESS_LOST for writes that were not carried out because access is gone",
    spoil: ({ connector }) => ({
      apply: (write, options) =>
        connector
          .apply(write, options)
          .catch(() => ({ kind: "refused", code: "NOTION_REFUSED", message: "no", retryAfterMs: 0 })),
    }),
  },
];

function spoiled(open: OpenWritableWorld, { spoil }: Pick<Broken, "spoil">): OpenWritableWorld {
  return async () => {
    const world = await open();
    return { ...world, connector: { ...world.connector, ...spoil(world) } };
  };
}

const kinds = [
  { name: "memory", open: openMemoryWorld, hasPreconditions: false },
  { name: "memory with preconditions", open: () => openMemoryWorld(true), hasPreconditions: true },
  { name: "notion", open: openNotionWorld, hasPreconditions: false },
];

describe.each(kinds)("the suite notices a $name connector that", ({ open, hasPreconditions }) => {
  it("is passed through the same hands unspoiled, by finding nothing", async () => {
    const whole = { spoil: (world: WritableWorld) => spoiledApply(world, {}) };
    for (const each of writingCases) await checkWritingCase(each, spoiled(open, whole));
  });

  const applicable = broken.filter(
    ({ needsPreconditions }) => hasPreconditions || needsPreconditions !== true,
  );
  it.each(applicable)("$fault", async (fault) => {
    const judge = writingCases.find((each) => each.name === fault.noticedBy);
    if (judge === undefined) throw new Error(`no such case: ${fault.noticedBy}`);
    await expect(checkWritingCase(judge, spoiled(open, fault))).rejects.toThrow();
  });
});
