import { describe, expect, it } from "vitest";
import {
  type ConnectorWorld,
  checkCase,
  connectorCases,
  type OpenWorld,
} from "../../src/connector/connector.suite.ts";
import type {
  Connector,
  Observation,
  PullBatch,
  PullEnd,
  PullRequest,
} from "../../src/connector/connector.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import { openMemoryWorld, openNotionWorld } from "./worlds.ts";

/** A connector that is right but for one thing, and a case that has to notice. */
interface Broken {
  readonly fault: string;
  readonly noticedBy: string;
  readonly spoil: (connector: Connector) => Partial<Connector>;
}

/** The pull of a connector with its batches and its end passed through the given hands. */
function spoiledPull(
  { pull }: Connector,
  hands: {
    batches?: (batches: readonly PullBatch[]) => readonly PullBatch[];
    end?: (end: PullEnd, request: PullRequest) => PullEnd;
  },
): Pick<Connector, "pull"> {
  return {
    async *pull(request) {
      const batches: PullBatch[] = [];
      const pulling = pull(request);
      for (;;) {
        const next = await pulling.next();
        if (next.done) {
          yield* hands.batches?.(batches) ?? batches;
          return hands.end?.(next.value, request) ?? next.value;
        }
        batches.push(next.value);
      }
    },
  };
}

const eachRecord = (change: (record: SourceRecord) => SourceRecord) => (batches: readonly PullBatch[]) =>
  batches.map((batch) => ({ ...batch, records: batch.records.map(change) }));

const broken: readonly Broken[] = [
  {
    fault: "drops the last page",
    noticedBy: "lists every record once, over as many pages as it takes",
    spoil: (connector) => spoiledPull(connector, { batches: (batches) => batches.slice(0, -1) }),
  },
  {
    fault: "lists a record twice",
    noticedBy: "lists every record once, over as many pages as it takes",
    spoil: (connector) =>
      spoiledPull(connector, { batches: (batches) => [...batches, ...batches.slice(-1)] }),
  },
  {
    fault: "returns stale reads",
    noticedBy: "lists an edited record with its new values",
    spoil(connector) {
      const first = new Map<string, SourceRecord>();
      const stale = (record: SourceRecord) => first.get(record.id) ?? record;
      return spoiledPull(connector, {
        batches: eachRecord((record) => {
          const shown = stale(record);
          first.set(record.id, shown);
          return shown;
        }),
      });
    },
  },
  {
    fault: "skips a record whose stamp it has seen before",
    noticedBy: "lists the second of two edits under one stamp",
    spoil(connector) {
      const seen = new Set<string>();
      const isNew = ({ id, revision }: SourceRecord) =>
        !seen.has(`${id} ${revision}`) && seen.add(`${id} ${revision}`);
      return spoiledPull(connector, {
        batches: (batches) => batches.map((batch) => ({ ...batch, records: batch.records.filter(isNew) })),
      });
    },
  },
  {
    fault: "treats absent as trashed",
    noticedBy: "never takes a record that cannot be found for a trashed one",
    spoil: (connector) => ({
      async get(id, signal): Promise<Observation> {
        const observed = await connector.get(id, signal);
        if (observed.presence !== "unknown") return observed;
        const record: SourceRecord = {
          id,
          presence: "trashed",
          fields: {},
          unobserved: [],
          raw: {},
          revision: "",
          createdAt: "",
          editedBy: null,
          memo: null,
        };
        return { presence: "trashed", record };
      },
    }),
  },
  {
    fault: "advances the checkpoint on an incomplete pull",
    noticedBy: "says that a pull is incomplete and keeps the checkpoint",
    spoil: (connector) =>
      spoiledPull(connector, {
        end: (end) => (end.isComplete ? end : { ...end, checkpoint: { kind: "changes", watermark: 1 } }),
      }),
  },
  {
    fault: "calls every pull complete",
    noticedBy: "says that a pull is incomplete and keeps the checkpoint",
    spoil: (connector) =>
      spoiledPull(connector, { end: (end) => ({ ...end, isComplete: true, reason: null }) }),
  },
  {
    fault: "moves the checkpoint in a sweep",
    noticedBy: "leaves the checkpoint as it was after a sweep",
    spoil: (connector) =>
      spoiledPull(connector, {
        end: (end, { mode }) =>
          mode === "sweep" ? { ...end, checkpoint: { kind: "changes", watermark: 1 } } : end,
      }),
  },
  {
    fault: "loses unobserved marks",
    noticedBy: "names a field it could not read whole and leaves out its value",
    spoil: (connector) =>
      spoiledPull(connector, { batches: eachRecord((record) => ({ ...record, unobserved: [] })) }),
  },
  {
    fault: "takes an unobserved field for an empty one",
    noticedBy: "names a field it could not read whole and leaves out its value",
    spoil: (connector) =>
      spoiledPull(connector, {
        batches: eachRecord((record) => ({
          ...record,
          fields: { ...record.fields, ...Object.fromEntries(record.unobserved.map((id) => [id, null])) },
        })),
      }),
  },
  {
    fault: "takes lost access for an empty collection",
    noticedBy: "throws ACCESS_LOST for everything once access is gone",
    spoil: (connector) => ({
      async *pull(request) {
        const pulling = connector.pull(request);
        try {
          return yield* pulling;
        } catch {
          const truncated = { found: 0, completed: 0, failed: 0 };
          const end = {
            isComplete: true,
            reason: null,
            checkpoint: null,
            windows: [],
            truncated,
            accessProof: null,
          };
          return { ...end, isSchemaChanged: false };
        }
      },
    }),
  },
  {
    fault: "resumes after the last page instead of at its last minute",
    noticedBy: "resumes a full pull at any batch and lists the rest",
    spoil: (connector) =>
      spoiledPull(connector, {
        batches: (batches) =>
          batches.map((batch) => {
            const from = batch.resumeAt?.from;
            return typeof from === "number"
              ? { ...batch, resumeAt: { ...batch.resumeAt, from: from + 60_000 } }
              : batch;
          }),
      }),
  },
];

function spoiled(open: OpenWorld, { spoil }: Broken): OpenWorld {
  return async (): Promise<ConnectorWorld> => {
    const world = await open();
    return { ...world, connector: { ...world.connector, ...spoil(world.connector) } };
  };
}

describe.each([
  { name: "memory", open: openMemoryWorld },
  { name: "notion", open: openNotionWorld },
])("the suite notices a $name connector that", ({ open }) => {
  it("is passed through the same hands unspoiled, by finding nothing", async () => {
    const whole = {
      fault: "none",
      noticedBy: "",
      spoil: (connector: Connector) => spoiledPull(connector, {}),
    };
    for (const each of connectorCases) await checkCase(each, spoiled(open, whole));
  });

  it.each(broken)("$fault", async (fault) => {
    const judge = connectorCases.find((each) => each.name === fault.noticedBy);
    if (judge === undefined) throw new Error(`no such case: ${fault.noticedBy}`);
    await expect(checkCase(judge, spoiled(open, fault))).rejects.toThrow();
  });
});
