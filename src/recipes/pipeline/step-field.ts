import type {
  Description,
  Observation,
  PullBatch,
  PullRequest,
  RecordWrite,
  WritableConnector,
  WriteOutcome,
} from "../../connector/connector.ts";
import type { Json } from "../../core/json.ts";
import type { FieldSchema, SourceRecord } from "../../core/record.ts";
import { parseStep, stepText, toStep } from "./step.ts";
import { type ColumnNames, ownColumns } from "./table.ts";

/** The field that stands for both columns. */
export const STEP_FIELD = "$step";

/** The columns behind the step; without a stage, every task shows its state only. */
export type StepColumns = Pick<ColumnNames, "status" | "stage">;

/**
 * The table's connector with one field in place of two: `$step` is read from status and stage and writes both, so that
 * no reader ever sees one of them without the other. The two columns stay on show as derived ones.
 */
export function withStepField<C extends WritableConnector>(
  connector: C,
  columns: StepColumns = ownColumns,
): C {
  const seen = (record: SourceRecord) => mapRecord(record, columns);
  return {
    ...connector,
    describe: async (signal?: AbortSignal) => withStep(await connector.describe(signal), columns),
    async *pull(request: PullRequest) {
      const pulling = connector.pull({ ...request, knownFields: withoutStep(request.knownFields) });
      for (;;) {
        const next = await pulling.next();
        if (next.done) return next.value;
        yield { ...next.value, records: next.value.records.map(seen) } satisfies PullBatch;
      }
    },
    async get(id: string, signal?: AbortSignal): Promise<Observation> {
      const observation = await connector.get(id, signal);
      return "record" in observation ? { ...observation, record: seen(observation.record) } : observation;
    },
    async find(marker: string, signal?: AbortSignal) {
      const found = await connector.find(marker, signal);
      return { ...found, records: found.records.map(seen) };
    },
    async apply(write: RecordWrite, options: Parameters<WritableConnector["apply"]>[1]) {
      const translated = mapWrite(write, columns);
      if ("refused" in translated) return translated.refused;
      const outcome = await connector.apply(translated.write, options);
      return outcome.kind === "applied" ? { ...outcome, record: seen(outcome.record) } : outcome;
    },
  };
}

function isColumn(id: string, { status, stage }: StepColumns): boolean {
  return id === status || id === stage;
}

function withStep(description: Description, columns: StepColumns): Description {
  const fields = description.fields.map((field) =>
    isColumn(field.id, columns) ? { ...field, isDerived: true } : field,
  );
  const step: FieldSchema = {
    id: STEP_FIELD,
    name: STEP_FIELD,
    type: "text",
    vendorType: columns.stage === null ? columns.status : `${columns.status} and ${columns.stage}`,
    isDerived: false,
  };
  return { ...description, fields: [...fields, step] };
}

function withoutStep(fields: readonly FieldSchema[] | null): readonly FieldSchema[] | null {
  return fields === null ? null : fields.filter(({ id }) => id !== STEP_FIELD);
}

/** Two columns that do not fit together (another program's table) are unobserved: nothing may follow from them. */
function mapRecord(record: SourceRecord, columns: StepColumns): SourceRecord {
  const entries = Object.entries(record.fields).filter(([id]) => !isColumn(id, columns));
  const fields = Object.fromEntries(entries);
  const unobserved = record.unobserved.filter((id) => !isColumn(id, columns));
  const state = record.fields[columns.status];
  const stage = columns.stage === null ? null : record.fields[columns.stage];
  const step =
    typeof state === "string" && (stage === null || typeof stage === "string") ? toStep(state, stage) : null;
  return step === null
    ? { ...record, fields, unobserved: [...unobserved, STEP_FIELD] }
    : { ...record, fields: { ...fields, [STEP_FIELD]: stepText(step) }, unobserved };
}

type Mapped = { readonly write: RecordWrite } | { readonly refused: WriteOutcome };

function mapWrite(write: RecordWrite, columns: StepColumns): Mapped {
  if (write.kind === "trash") return { write };
  const column = Object.keys(write.fields).find((id) => isColumn(id, columns));
  if (column !== undefined) {
    return refused(
      "FIELD_READ_ONLY",
      `Tried to write column ${column}, which is written through ${STEP_FIELD} only.`,
    );
  }
  const { [STEP_FIELD]: text, ...fields } = write.fields;
  if (text === undefined) return { write };
  const written = columnsOf(text, columns);
  if (written === null) {
    return refused(
      "VALUE_INVALID",
      `Tried to write ${JSON.stringify(text)} to ${STEP_FIELD}, which takes a state, or a state, a colon and a status ` +
        "that means it.",
    );
  }
  return { write: { ...write, fields: { ...fields, ...written } } };
}

function columnsOf(text: Json, { status, stage }: StepColumns): Readonly<Record<string, Json>> | null {
  const step = typeof text === "string" ? parseStep(text) : null;
  if (step === null) return null;
  return { [status]: step.state, ...(stage === null ? {} : { [stage]: step.stage }) };
}

function refused(code: string, message: string): { readonly refused: WriteOutcome } {
  return { refused: { kind: "refused", code, message, retryAfterMs: null } };
}
