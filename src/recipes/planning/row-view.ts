import type { PlanningConfig } from "../../config/planning.ts";
import type {
  ApplyOptions,
  PullRequest,
  RecordWrite,
  WritableConnector,
  WriteOutcome,
} from "../../connector/connector.ts";
import { type Sight, withView } from "../../connector/view.ts";
import type { FieldSchema, SourceRecord } from "../../core/record.ts";
import { textIn } from "../../core/two-way/codecs/text.ts";
import {
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
  const view = withView(connector, {
    adds: content === null ? [] : [contentSchema],
    admit: admitted,
    show: (records, sight) => (content === null ? records : shown(records, content, sight)),
  });
  return {
    ...view,
    async describe(signal?: AbortSignal) {
      const description = await view.describe(signal);
      fields = description.fields;
      return description;
    },
    pull(request: PullRequest) {
      fields = request.knownFields ?? fields;
      return view.pull(request);
    },
    async apply(written: RecordWrite, applying: ApplyOptions): Promise<WriteOutcome> {
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

async function shown(
  records: readonly SourceRecord[],
  content: ContentOptions,
  { by, signal }: Sight,
): Promise<readonly SourceRecord[]> {
  if (by === "aside") return records;
  if (by === "sweep" || by === "find") return records.map(unread);
  const read: SourceRecord[] = [];
  for (const record of records) read.push(await withContent(record, content, signal));
  return read;
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
