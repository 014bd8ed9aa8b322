import type { RecordWrite, WritableConnector } from "../../connector/connector.ts";
import { type Refusal, refusal, withView } from "../../connector/view.ts";
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
  return withView(connector, {
    adds: [schemaOf(columns)],
    replaces: [columns.status, ...(columns.stage === null ? [] : [columns.stage])],
    show: (records) => records.map((record) => mapRecord(record, columns)),
    translate: (write) => mapWrite(write, columns),
  });
}

function isColumn(id: string, { status, stage }: StepColumns): boolean {
  return id === status || id === stage;
}

function schemaOf({ status, stage }: StepColumns): FieldSchema {
  return {
    id: STEP_FIELD,
    name: STEP_FIELD,
    type: "text",
    vendorType: stage === null ? status : `${status} and ${stage}`,
    isDerived: false,
  };
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

function mapWrite(write: RecordWrite, columns: StepColumns): { readonly write: RecordWrite } | Refusal {
  if (write.kind === "trash") return { write };
  const column = Object.keys(write.fields).find((id) => isColumn(id, columns));
  if (column !== undefined) {
    return refusal(
      "FIELD_READ_ONLY",
      `Tried to write column ${column}, which is written through ${STEP_FIELD} only.`,
    );
  }
  const { [STEP_FIELD]: text, ...fields } = write.fields;
  if (text === undefined) return { write };
  const written = columnsOf(text, columns);
  if (written === null) {
    return refusal(
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
