import { usualId } from "./api/input.ts";
import { type Json, type JsonObject, objectOr, stringOr } from "./json.ts";
import { appendBlocks, parseBlocks } from "./operations/blocks.ts";
import { createDatabase, createDataSource } from "./operations/data-sources.ts";
import { type Actor, addChild, createPage, parseValues, setValues } from "./operations/pages.ts";
import { updateSchema } from "./operations/schema.ts";
import type { SeedDatabase, SeedPage, WorkspaceSeed } from "./seed.ts";
import {
  findProperty,
  type Page,
  type Parent,
  propertiesOf,
  type State,
  type Values,
} from "./state/state.ts";
import { instantOf } from "./values/dates.ts";
import { parseCover, parseIcon } from "./values/files.ts";
import { isReadOnly } from "./values/property-types.ts";
import { typeIn } from "./values/schema.ts";

/** Fills a workspace. Rows come before relations between them, so that order in the document does not matter. */
export function plantSeed(state: State, seed: WorkspaceSeed, authorOf: () => Actor): void {
  for (const person of seed.people ?? []) {
    const id = seedId(person.id) ?? state.random.uuid();
    state.users.set(id, {
      id,
      type: "person",
      name: person.name,
      email: person.email ?? null,
      avatarUrl: person.avatarUrl ?? null,
    });
  }
  // Asked once the people are there: the first of them is the author.
  const author = authorOf();
  const planted = (seed.databases ?? []).flatMap((database, index) =>
    plantDatabase(state, { database, author, path: `seed.databases[${index}]` }),
  );
  for (const type of ["relation", "rollup"]) for (const each of planted) plantLinked(state, each, type);
  const rows = planted.flatMap(({ rows, dataSourceId, path }) => {
    const parent: Parent = { type: "data_source_id", id: dataSourceId };
    return rows.map((page, index) =>
      plantPage(state, { page, parent, author, path: `${path}.rows[${index}]` }),
    );
  });
  for (const row of rows) linkRow(state, row);
  for (const [index, page] of (seed.pages ?? []).entries()) {
    plantPage(state, { page, parent: { type: "workspace" }, author, path: `seed.pages[${index}]` });
  }
}

/** Ids may be copied out of addresses, where they have no dashes. */
function seedId(id: string | undefined): string | undefined {
  return id === undefined ? undefined : usualId(id);
}

interface Planted {
  readonly dataSourceId: string;
  /** Columns that point at other columns or data sources: added once all of these exist. */
  readonly linked: JsonObject;
  readonly rows: readonly SeedPage[];
  readonly path: string;
}

function plantDatabase(
  state: State,
  {
    database,
    author,
    path,
  }: { readonly database: SeedDatabase; readonly author: Actor; readonly path: string },
): Planted[] {
  const made = createDatabase(
    state,
    {
      id: seedId(database.id),
      parent: { type: "workspace" },
      title: database.title,
      description: "",
      icon: database.icon ?? null,
      cover: null,
      isInline: false,
    },
    author,
  );
  return database.dataSources.map(({ id, name, properties, rows }, index) => {
    const entries = Object.entries(properties);
    const isLinked = ([, entry]: [string, Json]): boolean =>
      ["relation", "rollup"].includes(typeIn(objectOr(entry)) ?? "");
    const place = `${path}.dataSources[${index}]`;
    const own = Object.fromEntries(entries.filter((entry) => !isLinked(entry)));
    const dataSource = within(place, () =>
      createDataSource(
        state,
        { id: seedId(id), databaseId: made.id, title: name, icon: database.icon ?? null, properties: own },
        author,
      ),
    );
    return {
      dataSourceId: dataSource.id,
      linked: Object.fromEntries(entries.filter(isLinked)),
      rows: rows ?? [],
      path: place,
    };
  });
}

function plantLinked(state: State, { linked, dataSourceId, path }: Planted, type: string): void {
  const dataSource = state.dataSources.get(dataSourceId);
  const chosen = Object.entries(linked).filter(([, entry]) => typeIn(objectOr(entry)) === type);
  if (dataSource !== undefined)
    within(path, () => updateSchema(state, dataSource, Object.fromEntries(chosen)));
}

function plantPage(
  state: State,
  {
    page,
    parent,
    author,
    path,
  }: { readonly page: SeedPage; readonly parent: Parent; readonly author: Actor; readonly path: string },
): PlantedRow {
  return within(path, () => {
    const { written, numbers, links } = splitComputed(state, page.properties, parent);
    const made = createPage(
      state,
      {
        id: seedId(page.id),
        parent,
        properties: written,
        icon: parseIcon(page.icon, "icon", state),
        cover: parseCover(page.cover, "cover", state),
      },
      author,
    );
    Object.assign(made.values, numbers);
    made.createdAt = instantOf(stringOr(page.createdTime, "")) ?? author.at;
    made.editedAt = instantOf(stringOr(page.lastEditedTime, "")) ?? made.createdAt;
    made.createdBy = seedId(page.createdBy) ?? author.userId;
    made.editedBy = seedId(page.lastEditedBy) ?? made.createdBy;
    made.inTrash = page.inTrash ?? false;
    made.isArchived = page.isArchived ?? false;
    const blocks = parseBlocks(page.children, `${path}.children`, state);
    appendBlocks(state, made, { blocks, position: { type: "end" }, actor: author });
    if (parent.type !== "data_source_id") addChild(state, made);
    return { page: made, links, path };
  });
}

/** What Notion computes is left out of a row's values, but recorded unique numbers are kept. */
function splitComputed(
  state: State,
  properties: JsonObject,
  parent: Parent,
): { readonly written: JsonObject; readonly numbers: Values; readonly links: JsonObject } {
  const dataSource = parent.type === "data_source_id" ? state.dataSources.get(parent.id) : undefined;
  const written: JsonObject = {};
  const numbers: Values = {};
  const links: JsonObject = {};
  for (const [key, entry] of Object.entries(properties)) {
    const property = findProperty(dataSource?.properties ?? [], key);
    const number = objectOr(objectOr(entry).unique_id).number;
    if (property?.type === "relation") links[key] = entry;
    else if (property === undefined || !isReadOnly(property.type)) written[key] = entry;
    else if (dataSource !== undefined && property.type === "unique_id" && typeof number === "number") {
      numbers[property.id] = number;
      dataSource.nextNumber = Math.max(dataSource.nextNumber, number);
    }
  }
  return { written, numbers, links };
}

interface PlantedRow {
  readonly page: Page;
  /** Its relations, as written. */
  readonly links: JsonObject;
  readonly path: string;
}

function linkRow(state: State, { page, links, path }: PlantedRow): void {
  within(path, () => {
    setValues(
      state,
      page,
      parseValues(links, { state, properties: propertiesOf(state, page), connection: null }),
    );
  });
}

/** Says where in the document something was wrong. */
function within<T>(path: string, plant: () => T): T {
  try {
    return plant();
  } catch (error) {
    throw new TypeError(
      `Cannot plant the workspace seed: ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
