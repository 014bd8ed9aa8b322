import type { Json } from "../../../src/core/json.ts";
import type { Option, Page, Property, PropertyType } from "./page.ts";

/** Told of every change after it was made; `before` is null for a new page. */
export type OnChange = (page: Page, before: Page | null) => void;

export interface WorkspaceOptions {
  readonly now: () => number;
  /** How long this change stays invisible to queries (ms); asked once per change. */
  readonly indexLagMs: () => number;
  readonly onChange: OnChange;
  readonly onComment?: (comment: PageComment) => void;
  readonly properties: readonly {
    readonly name: string;
    readonly type: PropertyType;
    readonly options?: readonly string[];
  }[];
  /** Which of several data sources it is; default the first. */
  readonly place?: number;
}

/** A comment on a page, as open as on the day it was written. */
export interface PageComment {
  readonly id: string;
  readonly pageId: string;
  readonly text: string;
  readonly by: string;
  readonly at: number;
}

/** What a change may set; `values` by property id. */
export type Change = Partial<Pick<Page, "values" | "inTrash" | "isArchived" | "parent">>;

/** Versions of a page that a lagging query may still show. */
const VERSIONS_KEPT = 16;

/** Notion's state for one data source: what people and the API change, and what queries see of it meanwhile. */
export class Workspace {
  readonly dataSourceId: string;
  readonly elsewhereId = "da7a0000-0000-4000-8000-000000000002";
  readonly botId = "b0700000-0000-4000-8000-000000000001";
  schema: readonly Property[];
  /** Grows with the schema: rendered pages show its names. */
  schemaVersion = 0;
  readonly now: () => number;
  readonly #pages = new Map<string, { readonly visibleAt: number; readonly page: Page }[]>();
  readonly #options: WorkspaceOptions;
  readonly #comments: PageComment[] = [];
  readonly #place: number;
  #counter = 0;

  constructor(options: WorkspaceOptions) {
    this.#options = options;
    this.now = options.now;
    this.#place = options.place ?? 0;
    this.dataSourceId = uuid(`da7${(0xa + this.#place).toString(16)}`, 1);
    this.schema = options.properties.map(({ name, type, options: names = [] }, index) => ({
      id: type === "title" ? "title" : `p${index}`,
      name,
      type,
      options: names.map((each) => this.#newOption(each)),
    }));
  }

  property(nameOrId: string): Property | undefined {
    return this.schema.find(({ id, name }) => id === nameOrId || name === nameOrId);
  }

  /** The page as it is now. */
  page(id: string): Page | undefined {
    return this.#pages.get(id)?.at(-1)?.page;
  }

  *pages(): IterableIterator<Page> {
    for (const id of this.#pages.keys()) {
      const page = this.page(id);
      if (page !== undefined) yield page;
    }
  }

  /** The pages as queries see them now, in the order of their creation. */
  *visiblePages(): IterableIterator<Page> {
    const now = this.now();
    for (const versions of this.#pages.values()) {
      const seen = versions.findLast(({ visibleAt }) => visibleAt <= now);
      if (seen !== undefined) yield seen.page;
    }
  }

  add(values: Readonly<Record<string, Json>>, by: string): Page {
    this.#counter += 1;
    const now = this.now();
    const page: Page = {
      id: uuid(`9a9${(0xe + this.#place).toString(16)}`, this.#counter),
      createdAt: now,
      editedAt: now,
      createdBy: by,
      editedBy: by,
      parent: this.dataSourceId,
      inTrash: false,
      isArchived: false,
      values,
    };
    this.#store(page, null);
    return page;
  }

  change(id: string, { values, ...rest }: Change, by: string): Page {
    const before = this.page(id);
    if (before === undefined) throw new RangeError(`there is no page ${id}`);
    const page = {
      ...before,
      ...rest,
      values: values === undefined ? before.values : { ...before.values, ...values },
      editedAt: Math.max(before.editedAt, this.now()),
      editedBy: by,
    };
    this.#store(page, before);
    return page;
  }

  comment(pageId: string, text: string, by: string): PageComment {
    this.#counter += 1;
    const comment = { id: uuid("c033", this.#counter), pageId, text, by, at: this.now() };
    this.#comments.push(comment);
    this.#options.onComment?.(comment);
    return comment;
  }

  commentsOn(pageId: string): readonly PageComment[] {
    return this.#comments.filter((comment) => comment.pageId === pageId);
  }

  /** The id of an option by its name; made when there is none. */
  optionId(propertyId: string, name: string): string {
    const property = this.property(propertyId);
    if (property === undefined) throw new RangeError(`there is no property ${propertyId}`);
    const known = property.options.find((option) => option.name === name);
    if (known !== undefined) return known.id;
    const option = this.#newOption(name);
    this.reshape(propertyId, { options: [...property.options, option] });
    return option.id;
  }

  reshape(propertyId: string, change: Partial<Omit<Property, "id">>): void {
    this.schemaVersion += 1;
    this.schema = this.schema.map((each) => (each.id === propertyId ? { ...each, ...change } : each));
  }

  #newOption(name: string): Option {
    this.#counter += 1;
    return { id: uuid("0b10", this.#counter), name };
  }

  #store(page: Page, before: Page | null): void {
    const versions = this.#pages.get(page.id) ?? [];
    // An index never goes back: what became visible later covers what came before it.
    const last = versions.at(-1)?.visibleAt ?? 0;
    versions.push({ visibleAt: Math.max(last, this.now() + this.#options.indexLagMs()), page });
    if (versions.length > VERSIONS_KEPT) versions.shift();
    this.#pages.set(page.id, versions);
    this.#options.onChange(page, before);
  }
}

function uuid(prefix: string, counter: number): string {
  return `${prefix}0000-0000-4000-8000-${counter.toString(16).padStart(12, "0")}`;
}
