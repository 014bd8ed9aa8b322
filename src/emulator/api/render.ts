import { isObject, type JsonObject } from "../json.ts";
import {
  type Block,
  type Connection,
  childIds,
  type Database,
  type DataSource,
  type Entity,
  isTrashed,
  type Page,
  type Parent,
  type Property,
  propertiesOf,
  type State,
  siteOf,
} from "../state/state.ts";
import { exactText, minuteText } from "../values/dates.ts";
import { renderFile } from "../values/files.ts";
import { renderProperty } from "../values/read.ts";
import { plainText, renderRichText } from "../values/rich-text.ts";
import { renderSchema } from "../values/schema.ts";
import { partialUser } from "../values/users.ts";
import { hasArchivedKey, hasDataSources, type Version } from "./versions.ts";

/** Who is answered, and in which version. */
export interface Reader {
  readonly state: State;
  readonly connection: Connection;
  readonly version: Version;
}

/** A page; `columns` limits the properties shown. */
export function renderPage(page: Page, reader: Reader, columns?: readonly Property[]): JsonObject {
  const { state, version } = reader;
  const inTrash = isTrashed(state, page);
  // Without a prototype, so that a column may be called "__proto__".
  const properties: JsonObject = Object.create(null);
  for (const property of columns ?? propertiesOf(state, page))
    properties[property.name] = renderProperty(page, property, reader);
  return {
    object: "page",
    id: page.id,
    created_time: minuteText(page.createdAt),
    last_edited_time: minuteText(page.editedAt),
    created_by: partialUser(page.createdBy),
    last_edited_by: partialUser(page.editedBy),
    cover: renderFile(page.cover, state),
    icon: renderFile(page.icon, state),
    parent: renderParent(page.parent, reader),
    in_trash: inTrash,
    is_archived: page.isArchived,
    is_locked: page.isLocked,
    properties,
    ...addresses(page, slugOf(page.id, pageTitle(page)), state),
    ...archivedKey(inTrash, version),
  };
}

/** A page's title as text. The title column has the same id everywhere. */
export function pageTitle(page: Page): string {
  return plainText(page.values.title);
}

function archivedKey(inTrash: boolean, version: Version): JsonObject {
  return hasArchivedKey(version) ? { archived: inTrash } : {};
}

function renderParent(parent: Parent, { state, version }: Reader): JsonObject {
  if (parent.type === "workspace") return { type: "workspace", workspace: true };
  if (parent.type !== "data_source_id") return { type: parent.type, [parent.type]: parent.id };
  const databaseId = state.dataSources.get(parent.id)?.databaseId ?? null;
  if (!hasDataSources(version)) return { type: "database_id", database_id: databaseId };
  return { type: "data_source_id", data_source_id: parent.id, database_id: databaseId };
}

/** `Title-words-id`, the end of every address. */
function slugOf(id: string, title: string): string {
  const words = title.match(/\w+/g) ?? [];
  return [...words, id.replaceAll("-", "")].join("-");
}

/** The address in the app, of the form it has since June 2026, and the one on the web of what is published. */
function addresses(entity: Entity, slug: string, state: State): JsonObject {
  const site = siteOf(state, entity);
  return {
    url: `https://app.notion.com/p/${slug}`,
    public_url: site === null ? null : `https://${site}/${slug}`,
  };
}

/** A database: from 2025-09-03 on the container, before that with the schema of its only data source. */
export function renderDatabase(database: Database, reader: Reader): JsonObject {
  return hasDataSources(reader.version)
    ? renderContainer(database, reader)
    : renderOldDatabase(database, reader);
}

function renderContainer(database: Database, reader: Reader): JsonObject {
  const { state } = reader;
  const inTrash = isTrashed(state, database);
  return {
    object: "database",
    id: database.id,
    title: renderRichText(database.title, state),
    description: renderRichText(database.description, state),
    parent: renderParent(database.parent, reader),
    is_inline: database.isInline,
    in_trash: inTrash,
    is_locked: database.isLocked,
    created_time: exactText(database.createdAt),
    last_edited_time: exactText(database.editedAt),
    data_sources: database.dataSourceIds.flatMap((id) => {
      const dataSource = state.dataSources.get(id);
      return dataSource === undefined ? [] : [{ id, name: plainText(dataSource.title) }];
    }),
    icon: renderFile(database.icon, state),
    cover: renderFile(database.cover, state),
    ...addresses(database, slugOf(database.id, ""), state),
    ...archivedKey(inTrash, reader.version),
  };
}

function renderOldDatabase(database: Database, reader: Reader): JsonObject {
  const { state } = reader;
  const dataSource = state.dataSources.get(database.dataSourceIds[0] ?? "");
  const inTrash = isTrashed(state, database);
  return {
    object: "database",
    id: database.id,
    cover: renderFile(database.cover, state),
    icon: renderFile(database.icon, state),
    created_time: minuteText(database.createdAt),
    created_by: partialUser(database.createdBy),
    last_edited_by: partialUser(database.editedBy),
    last_edited_time: minuteText(database.editedAt),
    title: renderRichText(database.title, state),
    description: renderRichText(database.description, state),
    is_inline: database.isInline,
    properties: dataSource === undefined ? {} : renderSchema(dataSource, state),
    parent: renderParent(database.parent, reader),
    ...addresses(database, slugOf(database.id, ""), state),
    archived: inTrash,
    in_trash: inTrash,
  };
}

export function renderDataSource(dataSource: DataSource, reader: Reader): JsonObject {
  const { state } = reader;
  const database = state.databases.get(dataSource.databaseId);
  const inTrash = isTrashed(state, dataSource);
  return {
    object: "data_source",
    id: dataSource.id,
    cover: renderFile(database?.cover ?? null, state),
    icon: renderFile(dataSource.icon, state),
    created_time: minuteText(dataSource.createdAt),
    created_by: partialUser(dataSource.createdBy),
    last_edited_by: partialUser(dataSource.editedBy),
    last_edited_time: minuteText(dataSource.editedAt),
    title: renderRichText(dataSource.title, state),
    description: renderRichText(dataSource.description, state),
    is_inline: database?.isInline ?? false,
    properties: renderSchema(dataSource, state),
    parent: { type: "database_id", database_id: dataSource.databaseId },
    database_parent: renderParent(database?.parent ?? { type: "workspace" }, reader),
    ...addresses(dataSource, slugOf(dataSource.databaseId, ""), state),
    in_trash: inTrash,
    ...archivedKey(inTrash, reader.version),
  };
}

/** A block, or a page or database as the block that stands for it in its parent. */
export function renderBlock(block: Block | Page | Database, reader: Reader): JsonObject {
  const { state, version } = reader;
  const inTrash = isTrashed(state, block);
  const { type, content } = blockContent(block, reader);
  return {
    object: "block",
    id: block.id,
    parent: renderParent(block.parent, reader),
    created_time: minuteText(block.createdAt),
    last_edited_time: minuteText(block.editedAt),
    created_by: partialUser(block.createdBy),
    last_edited_by: partialUser(block.editedBy),
    has_children: block.object !== "database" && childIds(state, block).some((id) => isListed(state, id)),
    in_trash: inTrash,
    type,
    [type]: content,
    ...archivedKey(inTrash, version),
  };
}

function blockContent(
  block: Block | Page | Database,
  { state, version }: Reader,
): {
  readonly type: string;
  readonly content: JsonObject;
} {
  if (block.object === "page") return { type: "child_page", content: { title: pageTitle(block) } };
  if (block.object === "database")
    return { type: "child_database", content: { title: plainText(block.title) } };
  // Until 2025-09-03 meeting notes go by their old name.
  const isOld = block.type === "meeting_notes" && hasArchivedKey(version);
  return { type: isOld ? "transcription" : block.type, content: renderContent(block.content, state) };
}

/** A block's content with the links of the files in it signed. */
function renderContent(content: JsonObject, state: State): JsonObject {
  const shown = renderFile(content, state);
  const withFile = isObject(shown) ? shown : content;
  return isObject(content.icon) ? { ...withFile, icon: renderFile(content.icon, state) } : withFile;
}

/** Whether a child still stands in its parent: not deleted, not in the trash. */
export function isListed(state: State, id: string): boolean {
  const child = state.blocks.get(id) ?? state.pages.get(id) ?? state.databases.get(id);
  return child !== undefined && !child.inTrash;
}

/** The columns a `filter_properties` names, by id or name; undefined: all. */
export function columnsNamed(
  properties: readonly Property[],
  names: readonly string[],
): readonly Property[] | undefined {
  if (names.length === 0) return undefined;
  return properties.filter(({ id, name }) =>
    names.some((each) => each === name || each === id || each === encodeURIComponent(id)),
  );
}
