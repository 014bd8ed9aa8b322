import type { Description, WritableConnector } from "../../src/connector/connector.ts";
import type { Json } from "../../src/core/json.ts";
import type { PairPolicy, Side } from "../../src/core/two-way/mapping.ts";
import type { BoundMapping } from "../../src/engine/two-way/definition.ts";
import type { Field, Plain } from "./fields.ts";
import type { Options } from "./options.ts";
import type { Table, TableOptions } from "./table.ts";

/** What is kept in agreement: which fields, by which rules, and what the table is like. */
export interface Subject {
  readonly fields: readonly Field[];
  /** What can be chosen in a select from the beginning. */
  readonly optionsOf: (field: Field) => readonly string[];
  readonly openTable: (options: Omit<TableOptions, "columns">) => Table;
  /** What a row says in a field. */
  readonly plainInRow: (field: Field, values: Readonly<Record<string, Json>>) => Plain;
  /** The name of the field that a column belongs to. */
  readonly fieldOf: (column: string) => string;
  /** True when two values say the same, each in the words of its side. */
  readonly agree: (field: Field, left: Plain, right: Plain) => boolean;
  /** True when the left value may stay where it is, because the right side has no place for it. */
  readonly isWaiting: (field: Field, left: Plain, row: Readonly<Record<string, Json>>) => boolean;
  /** The table's connector as the recipe wants to see it. */
  readonly onTable: (connector: WritableConnector) => WritableConnector;
  readonly marksRows: boolean;
  readonly bind: (
    options: Options,
    descriptions: Readonly<Record<Side, Description>>,
    stored: { readonly binding: Json; readonly print: string },
  ) => BoundMapping;
  readonly policy: (options: Options) => PairPolicy;
}
