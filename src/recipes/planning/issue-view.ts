import type { Observation, RecordWrite, WritableConnector } from "../../connector/connector.ts";
import { type Refusal, refusal, withView } from "../../connector/view.ts";
import type { Clock } from "../../core/clock.ts";
import type { Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import { joinBody, splitBody } from "./footer.ts";
import {
  type IssueScheme,
  isPartial,
  issueFields,
  putTogether,
  schemaOf,
  takenApart,
} from "./issue-fields.ts";

export interface IssueViewOptions extends IssueScheme {
  readonly clock: Pick<Clock, "monotonic">;
  /** Which new issues take part. */
  readonly admits: (record: SourceRecord) => boolean;
  /** Those of these issues that take part already: they do from then on. */
  readonly knownOf: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  /** The issue with what it was before it was transferred here, when that takes part. */
  readonly traced: (record: SourceRecord, signal?: AbortSignal) => Promise<SourceRecord>;
}

/** What an issue held this short a while ago is what it holds (ms): labels and text are written as a whole. */
const freshMs = 2_000;
const rememberedMax = 5_000;

/**
 * The issues' connector with parts of labels and text as fields of their own, and what its pull request says beside them.
 * Writing a part leaves the other parts as they are now.
 */
export function withPlanningFields<C extends WritableConnector>(connector: C, options: IssueViewOptions): C {
  const latest = new Map<string, { readonly record: SourceRecord; readonly at: number }>();
  const { clock } = options;
  const seen = (record: SourceRecord): SourceRecord => {
    if (latest.size >= rememberedMax) latest.clear();
    latest.set(record.id, { record, at: clock.monotonic() });
    return takenApart(record, options);
  };
  /** As it is now; null: it cannot be read. */
  const current = async (id: string, signal?: AbortSignal): Promise<SourceRecord | null> => {
    const known = latest.get(id);
    if (known !== undefined && clock.monotonic() - known.at < freshMs) return known.record;
    const observation = await connector.get(id, signal);
    return "record" in observation ? observation.record : null;
  };
  const view = withView(connector, {
    adds: Object.values(issueFields).map(schemaOf),
    replaces: ["state"],
    async admit(records, { signal }) {
      const found: SourceRecord[] = [];
      for (const record of records)
        found.push(record.presence === "live" ? await options.traced(record, signal) : record);
      return admitted(found, options);
    },
    show: (records) => records.map(seen),
    translate: (write, { signal }) => translate(write, options, (id) => current(id, signal)),
  });
  return {
    ...view,
    async get(id: string, signal?: AbortSignal): Promise<Observation> {
      const observation = await view.get(id, signal);
      return observation.presence === "gone" ? { presence: "moved", record: departed(id) } : observation;
    },
  };
}

/** Deleted, or transferred out of reach: the row stays, and says so. To everybody but GitHub that is no death. */
function departed(id: string): SourceRecord {
  const nothing = {
    fields: {},
    unobserved: [],
    raw: {},
    revision: "",
    createdAt: "",
    editedBy: null,
    memo: null,
  };
  return { id, presence: "moved", ...nothing };
}

async function admitted(
  records: readonly SourceRecord[],
  { admits, knownOf }: IssueViewOptions,
): Promise<readonly SourceRecord[]> {
  const strangers = records.filter(
    (record) => record.isOurs !== true && record.movedFrom === undefined && !admits(record),
  );
  if (strangers.length === 0) return records;
  const known = await knownOf(strangers.map(({ id }) => id));
  const refused = new Set(strangers.filter(({ id }) => !known.has(id)));
  return records.filter((record) => !refused.has(record));
}

async function translate(
  write: RecordWrite,
  options: IssueViewOptions,
  current: (id: string) => Promise<SourceRecord | null>,
): Promise<{ readonly write: RecordWrite } | Refusal> {
  if (write.kind === "trash") return { write };
  const isNew = write.kind === "create";
  if (isNew && !("title" in write.fields))
    return refusal("VALUE_INVALID", "An issue needs a title: give the row one.");
  if (!isNew && !isPartial(write.fields)) return { write };
  const before = isNew ? null : await current(write.id);
  if (!isNew && before === null) {
    const message = "The issue cannot be read now, and parts of it cannot be written without the rest.";
    return refusal("RECORD_INCOMPLETE", message, 30_000);
  }
  const together = putTogether(write.fields, before, options);
  if ("problem" in together)
    return refusal("VALUE_INVALID", `Tried to write a status, and ${together.problem}.`);
  if (write.kind !== "create") return { write: { ...write, fields: together.fields } };
  return {
    write: { ...write, fields: { ...together.fields, body: linked(together.fields.body, write.marker) } },
  };
}

/** A new issue shows which page it was made from. */
function linked(body: Json | undefined, pageId: string): string {
  const parts = splitBody(typeof body === "string" ? body : "");
  const isPage = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/.test(pageId);
  return joinBody({ ...parts, pageId: isPage ? pageId.replaceAll("-", "") : null });
}
