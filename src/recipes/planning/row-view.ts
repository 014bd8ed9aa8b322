import type { PlanningConfig } from "../../config/planning.ts";
import type {
  Description,
  Observation,
  PullBatch,
  PullRequest,
  RecordWrite,
  WritableConnector,
  WriteOutcome,
} from "../../connector/connector.ts";
import type { FieldSchema, SourceRecord } from "../../core/record.ts";
import { textIn } from "../../core/two-way/codecs/text.ts";
import {
  CONTENT_FIELD,
  type ContentOptions,
  contentSchema,
  empty,
  takenOut,
  unread,
  withContent,
  writeContent,
} from "./row-content.ts";

export interface RowViewOptions {
  readonly config: PlanningConfig;
  /** Id of the status property as it was bound; null: not yet, and its name says. */
  readonly statusId: string | null;
  /** Those of these rows that take part already. */
  readonly knownOf: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Pages' content; null: it takes no part. */
  readonly content: ContentOptions | null;
}

/**
 * The rows' connector without rows that were done before anybody made an issue of them, since there is nothing left to do
 * there; and with the pages' content as a field, where it takes part. A sweep leaves content out: it would be read page by page.
 */
export function withPlanningRows<C extends WritableConnector>(connector: C, options: RowViewOptions): C {
  let fields: readonly Pick<FieldSchema, "id" | "name">[] = [];
  const admitted = async (records: readonly SourceRecord[]) => {
    const done = records.filter((record) => isDone(record, fields, options));
    if (done.length === 0) return records;
    const known = await options.knownOf(done.map(({ id }) => id));
    const left = new Set(done.filter(({ id }) => !known.has(id)));
    return records.filter((record) => !left.has(record));
  };
  const { content } = options;
  const whole = async (record: SourceRecord, signal?: AbortSignal) =>
    content === null ? record : withContent(record, content, signal);
  return {
    ...connector,
    describe: async (signal?: AbortSignal) => {
      const description = await connector.describe(signal);
      fields = description.fields;
      return content === null ? description : withContentSchema(description);
    },
    async *pull(request: PullRequest) {
      fields = request.knownFields ?? fields;
      const knownFields = request.knownFields?.filter(({ id }) => id !== CONTENT_FIELD) ?? null;
      const pulling = connector.pull({ ...request, knownFields });
      for (;;) {
        const next = await pulling.next();
        if (next.done) return next.value;
        const records: SourceRecord[] = [];
        for (const record of await admitted(next.value.records))
          records.push(
            content !== null && request.mode === "sweep"
              ? unread(record)
              : await whole(record, request.signal),
          );
        yield { ...next.value, records } satisfies PullBatch;
      }
    },
    async get(id: string, signal?: AbortSignal): Promise<Observation> {
      const observation = await connector.get(id, signal);
      if (!("record" in observation)) return observation;
      const [isIn] = await admitted([observation.record]);
      if (isIn === undefined) return { ...observation, presence: "moved" };
      return { ...observation, record: await whole(observation.record, signal) };
    },
    async find(marker: string, signal?: AbortSignal) {
      const found = await connector.find(marker, signal);
      return content === null ? found : { ...found, records: found.records.map(unread) };
    },
    async apply(
      written: RecordWrite,
      applying: Parameters<WritableConnector["apply"]>[1],
    ): Promise<WriteOutcome> {
      const { write, content: text } = takenOut(written);
      const outcome = await connector.apply(write, applying);
      if (outcome.kind !== "applied" || content === null) return outcome;
      // Notion stores Markdown in its own spelling: a page is made first, and what it shows then is what is compared.
      if (write.kind === "create") return { ...outcome, record: empty(outcome.record, content) };
      if (text !== undefined) return writeContent(outcome.record, text, { options: content, applying });
      return { ...outcome, record: unread(outcome.record) };
    },
  };
}

function withContentSchema(description: Description): Description {
  return { ...description, fields: [...description.fields, contentSchema] };
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
