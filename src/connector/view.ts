import type { FieldSchema, SourceRecord } from "../core/record.ts";
import type {
  ApplyOptions,
  Observation,
  PullBatch,
  PullMode,
  PullRequest,
  RecordWrite,
  WritableConnector,
  WriteOutcome,
} from "./connector.ts";

/** How records came into sight. `aside`: read by its id, and `admit` left it out. */
export interface Sight {
  readonly by: PullMode | "get" | "aside" | "find" | "apply";
  readonly signal?: AbortSignal | undefined;
}

/** A write that a view does not pass on, because it means nothing to the collection. */
export type Refusal = Extract<WriteOutcome, { readonly kind: "refused" }>;

/** Another way to look at a collection, and to write to it. */
export interface View {
  /** Fields that only the view has. */
  readonly adds: readonly FieldSchema[];
  /** Ids of fields for which added ones stand: they stay on show as derived. */
  readonly replaces: readonly string[];
  /**
   * Those of these records that take part, as they are or with more known about them. The others are left out of pulls, and are
   * `moved` when they are read by id.
   */
  readonly admit: (records: readonly SourceRecord[], sight: Sight) => Promise<readonly SourceRecord[]>;
  /** The records as they are seen, in the same order. */
  readonly show: (
    records: readonly SourceRecord[],
    sight: Sight,
  ) => readonly SourceRecord[] | Promise<readonly SourceRecord[]>;
  /** What a write means to the collection. */
  readonly translate: (
    write: RecordWrite,
    options: ApplyOptions,
  ) => { readonly write: RecordWrite } | Refusal | Promise<{ readonly write: RecordWrite } | Refusal>;
}

/** A view that shows all records, and changes nothing but what is said. */
export const plainView: View = {
  adds: [],
  replaces: [],
  admit: async (records) => records,
  show: (records) => records,
  translate: (write) => ({ write }),
};

/** The connector as the view shows it. It keeps whatever else the connector offers. */
export function withView<C extends WritableConnector>(connector: C, given: Partial<View>): C {
  const view = { ...plainView, ...given };
  const showOne = async (record: SourceRecord, sight: Sight) =>
    (await view.show([record], sight))[0] ?? record;
  const observed = async (
    observation: Observation,
    signal: AbortSignal | undefined,
  ): Promise<Observation> => {
    if (!("record" in observation)) return observation;
    const [isIn] = await view.admit([observation.record], { by: "get", signal });
    return isIn === undefined
      ? { presence: "moved", record: await showOne(observation.record, { by: "aside", signal }) }
      : { ...observation, record: await showOne(isIn, { by: "get", signal }) };
  };
  const many = connector.getMany?.bind(connector);
  return {
    ...connector,
    async describe(signal?: AbortSignal) {
      const description = await connector.describe(signal);
      return {
        ...description,
        fields: [...description.fields.map((field) => replaced(field, view)), ...view.adds],
      };
    },
    async *pull(request: PullRequest) {
      const { mode, signal } = request;
      await using pulling = connector.pull({ ...request, knownFields: withoutAdded(request, view) });
      for (;;) {
        const next = await pulling.next();
        if (next.done) return next.value;
        const sight = { by: mode, signal };
        const admitted = await view.admit(next.value.records, sight);
        yield { ...next.value, records: await view.show(admitted, sight) } satisfies PullBatch;
      }
    },
    async get(id: string, signal?: AbortSignal) {
      return observed(await connector.get(id, signal), signal);
    },
    ...(many === undefined
      ? {}
      : {
          async getMany(ids: readonly string[], signal?: AbortSignal) {
            const found = new Map<string, Observation>();
            for (const [id, observation] of await many(ids, signal))
              found.set(id, await observed(observation, signal));
            return found;
          },
        }),
    async find(marker: string, signal?: AbortSignal) {
      const found = await connector.find(marker, signal);
      return { ...found, records: await view.show(found.records, { by: "find", signal }) };
    },
    async apply(write: RecordWrite, options: ApplyOptions): Promise<WriteOutcome> {
      const translated = await view.translate(write, options);
      if ("kind" in translated) return translated;
      const outcome = await connector.apply(translated.write, options);
      if (outcome.kind !== "applied") return outcome;
      return { ...outcome, record: await showOne(outcome.record, { by: "apply", signal: options.signal }) };
    },
  };
}

/** `retryAfterMs` null: not before something changes. */
export function refusal(code: string, message: string, retryAfterMs: number | null = null): Refusal {
  return { kind: "refused", code, message, retryAfterMs };
}

function replaced(field: FieldSchema, { replaces }: View): FieldSchema {
  return replaces.includes(field.id) ? { ...field, isDerived: true } : field;
}

/** The collection has no such columns: told of them, it would call its columns changed. */
function withoutAdded({ knownFields }: PullRequest, { adds }: View): PullRequest["knownFields"] {
  const added = new Set(adds.map(({ id }) => id));
  return knownFields?.filter(({ id }) => !added.has(id)) ?? null;
}
