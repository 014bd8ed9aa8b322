// What a job needs a Notion database to look like, as data: a recipe says it, Notion's connector brings it about. In
// Notion's words, because it is about Notion's things.

/** https://developers.notion.com/reference/property-object */
export type OptionColor =
  | "default"
  | "gray"
  | "brown"
  | "orange"
  | "yellow"
  | "green"
  | "blue"
  | "purple"
  | "pink"
  | "red";

export interface OptionSpec {
  /** No comma; unique ignoring case. */
  readonly name: string;
  /** Of an option that is made; people may change it afterwards. */
  readonly color?: OptionColor;
  /** Of a status property only; Notion has these three and no others. */
  readonly group?: "To-do" | "In progress" | "Complete";
}

/** Types that have nothing to configure. */
export type PlainPropertyType =
  | "title"
  | "rich_text"
  | "date"
  | "checkbox"
  | "url"
  | "email"
  | "phone_number"
  | "people"
  | "files"
  | "created_time"
  | "created_by"
  | "last_edited_time"
  | "last_edited_by";

export type PropertySpec = { readonly description?: string } & (
  | { readonly type: PlainPropertyType }
  | { readonly type: "number"; readonly format: string }
  | { readonly type: "select" | "multi_select" | "status"; readonly options: readonly OptionSpec[] }
  /** The expression names properties as the spec does: `prop("Name")`. */
  | { readonly type: "formula"; readonly expression: string }
  /** `to`: the key of another spec; `mirror`: what the way back is called there, null: there is none. */
  | { readonly type: "relation"; readonly to: string; readonly mirror: string | null }
);

/** Rows whose option is one of these. */
export interface ViewFilter {
  readonly property: string;
  readonly isOneOf: readonly string[];
}

/** Properties by their names in the spec. */
export interface ViewSpec {
  readonly name: string;
  readonly type: "table" | "board" | "list" | "gallery";
  readonly filter?: ViewFilter;
  readonly sorts?: readonly { readonly property: string; readonly direction: "ascending" | "descending" }[];
  /** Of a board: a select or status property. */
  readonly groupBy?: string;
  /** What is shown, in this order; absent: everything. */
  readonly shown?: readonly string[];
}

export interface DatabaseSpec {
  readonly title: string;
  /** By name, in order. Exactly one is the title; its name is a wish where a database is there already. */
  readonly properties: Readonly<Record<string, PropertySpec>>;
  readonly views: readonly ViewSpec[];
}

/** The databases of one job, by a key that relations and later runs call them by. */
export type DatabaseSpecs = Readonly<Record<string, DatabaseSpec>>;
