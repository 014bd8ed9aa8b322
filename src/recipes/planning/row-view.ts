import type { PlanningConfig } from "../../config/planning.ts";
import type { Observation, PullBatch, PullRequest, WritableConnector } from "../../connector/connector.ts";
import type { FieldSchema, SourceRecord } from "../../core/record.ts";
import { textIn } from "../../core/two-way/codecs/text.ts";

export interface RowViewOptions {
  readonly config: PlanningConfig;
  /** Id of the status property as it was bound; null: not yet, and its name says. */
  readonly statusId: string | null;
  /** Those of these rows that take part already. */
  readonly knownOf: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** The rows' connector without rows that were done before anybody made an issue of them: there is nothing left to do there. */
export function withPlanningRows<C extends WritableConnector>(connector: C, options: RowViewOptions): C {
  let fields: readonly Pick<FieldSchema, "id" | "name">[] = [];
  const admitted = async (records: readonly SourceRecord[]) => {
    const done = records.filter((record) => isDone(record, fields, options));
    if (done.length === 0) return records;
    const known = await options.knownOf(done.map(({ id }) => id));
    const left = new Set(done.filter(({ id }) => !known.has(id)));
    return records.filter((record) => !left.has(record));
  };
  return {
    ...connector,
    describe: async (signal?: AbortSignal) => {
      const description = await connector.describe(signal);
      fields = description.fields;
      return description;
    },
    async *pull(request: PullRequest) {
      fields = request.knownFields ?? fields;
      const pulling = connector.pull(request);
      for (;;) {
        const next = await pulling.next();
        if (next.done) return next.value;
        yield { ...next.value, records: await admitted(next.value.records) } satisfies PullBatch;
      }
    },
    async get(id: string, signal?: AbortSignal): Promise<Observation> {
      const observation = await connector.get(id, signal);
      if (!("record" in observation)) return observation;
      const [isIn] = await admitted([observation.record]);
      return isIn === undefined ? { ...observation, presence: "moved" } : observation;
    },
  };
}

function isDone(
  { fields: values, isOurs }: SourceRecord,
  fields: readonly Pick<FieldSchema, "id" | "name">[],
  { config, statusId }: RowViewOptions,
): boolean {
  if (isOurs === true) return false;
  const { property } = config.fields.status;
  const id = statusId ?? fields.find((field) => field.name === property || field.id === property)?.id;
  const status = id === undefined ? undefined : textIn(values[id] ?? null);
  return config.statuses.some(({ name, state }) => name === status && state === "closed");
}
