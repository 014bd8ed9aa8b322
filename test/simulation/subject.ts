import type { Description, RecordWrite, WritableConnector } from "../../src/connector/connector.ts";
import type { Json } from "../../src/core/json.ts";
import type { GuardLimits } from "../../src/core/two-way/guard.ts";
import type { PairPolicy, Side } from "../../src/core/two-way/mapping.ts";
import type { BoundMapping } from "../../src/engine/two-way/definition.ts";
import type { Field, Plain } from "./fields.ts";
import type { Property } from "./notion/page.ts";
import type { Options } from "./options.ts";
import type { Table, TableOptions } from "./table.ts";

/** What a write asks for, whichever side it goes to. */
export interface SentWrite {
  readonly side: Side;
  readonly kind: "create" | "update" | "trash";
  readonly id: string | null;
  readonly marker: string | null;
  /** Rule names; where these cannot be told from the request, the members that it names. */
  readonly fields?: readonly string[];
  readonly members?: readonly string[];
}

/** What the right side is opened with, beside a table's own options. */
export interface Surroundings {
  readonly options: Options;
  readonly lagMs: () => number;
}

/** What is kept in agreement: which fields, by which rules, and what the right side is like. */
export interface Subject {
  /** Several may share a property. */
  readonly fields: readonly Field[];
  /** Properties that are no field of the mapping that people and programs both fill. */
  readonly otherProperties: readonly Pick<Property, "name" | "type">[];
  /** What can be chosen in a select from the beginning. */
  readonly optionsOf: (field: Field) => readonly string[];
  readonly openTable: (options: Omit<TableOptions, "columns">, around: Surroundings) => Table;
  /** What a page says in a field. */
  readonly plainInPage: (field: Field, values: Readonly<Record<string, Json>>, property: Property) => Plain;
  /** What a row says in a field. */
  readonly plainInRow: (field: Field, values: Readonly<Record<string, Json>>) => Plain;
  /** What a version's value says in a field. */
  readonly inHistory: (field: Field, side: Side, told: Json) => Plain;
  /** The name of the field that a column belongs to. */
  readonly fieldOf: (column: string) => string;
  /** A write to the right side; null: none that the engine has to have written down. */
  readonly sentRight: (write: unknown) => SentWrite | null;
  /** The right side refuses writes that were planned on something older. */
  readonly hasPreconditions: boolean;
  /** True when two values say the same, each in the words of its side. */
  readonly agree: (field: Field, left: Plain, right: Plain) => boolean;
  /** True when the left value may stay where it is, because the right side has no place for it. */
  readonly isWaiting: (field: Field, left: Plain, row: Readonly<Record<string, Json>>) => boolean;
  /** True when the mapping has no place for a record that belongs to no pair. */
  readonly isLeftOut: (side: Side, plain: (field: string) => Plain) => boolean;
  /** The table's connector as the recipe wants to see it. */
  readonly onTable: (connector: WritableConnector) => WritableConnector;
  readonly marksRows: boolean;
  readonly syncId: string;
  readonly guard: (options: Options) => GuardLimits;
  readonly bind: (
    options: Options,
    descriptions: Readonly<Record<Side, Description>>,
    stored: { readonly binding: Json; readonly print: string },
  ) => BoundMapping;
  readonly policy: (options: Options) => PairPolicy;
}

const guardOfTables: GuardLimits = {
  deletesMax: 5,
  deleteShareMax: 0.2,
  clearShareMax: 0.5,
  changeShareMax: 1,
};

/** What is alike wherever the right side is a table. */
export const ofTables = {
  otherProperties: [],
  hasPreconditions: true,
  isLeftOut: () => false,
  syncId: "sync",
  guard: () => guardOfTables,
  inHistory: ({ kind }: Field, _side: Side, told: Json) =>
    (kind === "tags" || kind === "refs" ? (told ?? []) : (told ?? null)) as Plain,
  sentRight(this: Pick<Subject, "fieldOf">, written: unknown): SentWrite {
    const write = written as RecordWrite;
    return {
      side: "right",
      kind: write.kind === "restore" ? "update" : write.kind,
      id: write.kind === "create" ? null : write.id,
      marker: write.kind === "create" ? write.marker : null,
      fields:
        write.kind === "trash"
          ? []
          : [...new Set(Object.keys(write.fields).map((name) => this.fieldOf(name)))],
    };
  },
} as const;
