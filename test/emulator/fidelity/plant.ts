import { createPage } from "../../../src/emulator/operations/pages.ts";
import type { Block, Page, Parent, State, Values } from "../../../src/emulator/state/state.ts";
import { instantOf } from "../../../src/emulator/values/dates.ts";
import { array, type Json, type JsonObject, text } from "../harness.ts";
import { plantComment, plantUpload } from "./plant-resources.ts";
import {
  decodeId,
  ensureDatabase,
  ensureDataSource,
  onlySource,
  plantColumns,
  plantSchema,
  somebody,
} from "./plant-schema.ts";
import { isRecord, objectsIn } from "./recorded.ts";

/** Puts a recorded object, and what it takes for it to stand somewhere, into the workspace. Once is enough. */
export function plant(state: State, body: JsonObject): void {
  for (const each of objectsIn(body)) if (each.object === "user") plantUser(state, each);
  switch (body.object) {
    case "page":
      plantPage(state, body);
      break;
    case "database":
      plantDatabase(state, body);
      break;
    case "data_source":
      plantDataSource(state, body);
      break;
    case "block":
      plantBlock(state, body);
      break;
    case "comment":
      parentOf(state, body.parent);
      plantComment(state, body);
      break;
    case "file_upload":
      plantUpload(state, body);
      break;
    default:
  }
}

export function plantUser(state: State, body: JsonObject): void {
  const id = text(body.id);
  const known = state.users.get(id);
  const person = isRecord(body.person) ? body.person : {};
  state.users.set(id, {
    id,
    type: body.type === "bot" ? "bot" : "person",
    name: typeof body.name === "string" ? body.name : (known?.name ?? ""),
    email: typeof person.email === "string" ? person.email : (known?.email ?? null),
    avatarUrl: typeof body.avatar_url === "string" ? body.avatar_url : (known?.avatarUrl ?? null),
  });
}

function authors(
  body: JsonObject,
): Pick<Page, "createdAt" | "editedAt" | "createdBy" | "editedBy" | "inTrash"> {
  const by = (value: Json | undefined): string => (isRecord(value) ? text(value.id) : somebody.userId);
  return {
    createdAt: instantOf(text(body.created_time)) ?? 0,
    editedAt: instantOf(text(body.last_edited_time)) ?? 0,
    createdBy: by(body.created_by),
    editedBy: by(body.last_edited_by),
    inTrash: (body.in_trash ?? body.archived) === true,
  };
}

function plantPage(state: State, body: JsonObject): void {
  const id = text(body.id);
  const parent = parentOf(state, body.parent);
  const page = ensurePage(state, id, parent);
  Object.assign(page, authors(body), {
    icon: body.icon ?? null,
    cover: body.cover ?? null,
    isArchived: body.is_archived === true,
    isLocked: body.is_locked === true,
  });
  const properties = isRecord(body.properties) ? body.properties : {};
  if (parent.type === "data_source_id") {
    const dataSource = state.dataSources.get(parent.id);
    if (dataSource !== undefined) plantColumns(state, dataSource, properties);
  }
  for (const entry of Object.values(properties)) plantValue(state, page, entry);
}

/** A page that is only known by its id so far. */
export function ensurePage(state: State, id: string, parent: Parent = { type: "workspace" }): Page {
  const known = state.pages.get(id);
  if (known !== undefined) {
    if (known.parent.type === "workspace" && parent.type !== "workspace") move(state, known, parent);
    return known;
  }
  const page = createPage(state, { id, parent: { type: "workspace" }, properties: {} }, somebody);
  // Rows that nobody sorts come in the order in which the recordings show them.
  Object.assign(page, { rank: state.pages.size });
  move(state, page, parent);
  return page;
}

function move(state: State, page: Page, parent: Parent): void {
  page.parent = parent;
  if (parent.type === "data_source_id") state.dataSources.get(parent.id)?.rows.add(page);
  else listIn(state, parent, page.id);
}

function listIn(state: State, parent: Parent, id: string): void {
  const container =
    parent.type === "page_id"
      ? state.pages.get(parent.id)
      : parent.type === "block_id"
        ? state.blocks.get(parent.id)
        : undefined;
  if (container !== undefined && !container.children.includes(id))
    container.children = [...container.children, id];
}

/** A recorded parent, made when it is not there yet. */
export function parentOf(state: State, input: Json | undefined): Parent {
  if (!isRecord(input)) return { type: "workspace" };
  if (typeof input.data_source_id === "string") {
    const databaseId = input.database_id ?? state.dataSources.get(input.data_source_id)?.databaseId;
    const id = ensureDataSource(state, input.data_source_id, text(databaseId ?? state.random.uuid())).id;
    return { type: "data_source_id", id };
  }
  if (typeof input.database_id === "string")
    return { type: "data_source_id", id: onlySource(state, input.database_id).id };
  if (typeof input.page_id === "string") return { type: "page_id", id: ensurePage(state, input.page_id).id };
  if (typeof input.block_id === "string")
    return { type: "block_id", id: ensureBlock(state, input.block_id).id };
  return { type: "workspace" };
}

function plantValue(state: State, page: Page, entry: Json): void {
  if (!isRecord(entry)) return;
  const value = keptValue(text(entry.type), entry[text(entry.type)] ?? null);
  const id = decodeId(entry.id);
  if (value === undefined) delete page.values[id];
  else page.values[id] = value;
  // A list that was cut short has at least one entry more.
  if (entry.has_more === true && Array.isArray(value)) value.push(state.random.recordId());
}

/** A value as the emulator keeps it; undefined when it is empty, or computed. */
export function keptValue(type: string, value: Json): Values[string] | undefined {
  if (value === null || (Array.isArray(value) && value.length === 0)) return undefined;
  const ids = (): string[] =>
    array(value)
      .filter(isRecord)
      .map((each) => text(each.id));
  switch (type) {
    case "title":
    case "rich_text":
      return textOf(array(value));
    case "select":
    case "status":
      return isRecord(value) ? text(value.id) : undefined;
    case "people":
    case "multi_select":
    case "relation":
      return ids();
    case "date":
      return isRecord(value) ? { start: value.start ?? null, end: value.end ?? null } : undefined;
    case "verification":
      return isRecord(value) ? verificationOf(value) : undefined;
    case "unique_id":
      return isRecord(value) ? (value.number ?? undefined) : undefined;
    case "checkbox":
      return value === true ? true : undefined;
    case "formula":
    case "rollup":
    case "button":
    case "created_time":
    case "created_by":
    case "last_edited_time":
    case "last_edited_by":
      return undefined;
    default:
      return value;
  }
}

function verificationOf({ state, verified_by: by, date }: JsonObject): Json {
  const at = (text: Json | undefined): number | null => (typeof text === "string" ? Date.parse(text) : null);
  if (!isRecord(by) || !isRecord(date)) return { state: state ?? null };
  return { state: "verified", by: text(by.id), start: at(date.start), end: at(date.end) };
}

/** Plain text is kept as a string, everything else as it was answered. */
function textOf(items: Json[]): Json {
  const [only] = items;
  if (items.length !== 1 || !isRecord(only) || only.type !== "text" || only.href !== null) return items;
  const annotations = isRecord(only.annotations) ? Object.values(only.annotations) : [];
  const isPlain = annotations.every((each) => each === false || each === "default");
  return isPlain ? text(only.plain_text) : items;
}

function plantDatabase(state: State, body: JsonObject): void {
  const id = text(body.id);
  const database = ensureDatabase(state, id);
  const parent = containerParent(state, body.parent);
  database.parent = parent;
  listIn(state, parent, id);
  Object.assign(database, authors(body), {
    title: textOf(array(body.title)),
    description: textOf(array(body.description ?? [])),
    icon: body.icon ?? null,
    cover: body.cover ?? null,
    isInline: body.is_inline === true,
    isLocked: body.is_locked === true,
  });
  if (Array.isArray(body.data_sources)) {
    for (const source of body.data_sources.filter(isRecord)) {
      const dataSource = ensureDataSource(state, text(source.id), id);
      if (dataSource.title === "") dataSource.title = text(source.name);
    }
  } else if (isRecord(body.properties)) {
    const dataSource = onlySource(state, id);
    dataSource.title = database.title;
    plantSchema(state, dataSource, body.properties);
  }
}

function containerParent(state: State, input: Json | undefined): Parent {
  const isNested = isRecord(input) && typeof input.database_id === "string";
  return isNested ? { type: "workspace" } : parentOf(state, input);
}

function plantDataSource(state: State, body: JsonObject): void {
  const parent = isRecord(body.parent) ? body.parent : {};
  const dataSource = ensureDataSource(state, text(body.id), text(parent.database_id));
  Object.assign(dataSource, authors(body), {
    title: textOf(array(body.title)),
    description: textOf(array(body.description ?? [])),
    icon: body.icon ?? null,
  });
  const database = ensureDatabase(state, dataSource.databaseId);
  database.isInline = body.is_inline === true;
  database.cover = body.cover ?? null;
  database.parent = containerParent(state, body.database_parent);
  if (isRecord(body.properties)) plantSchema(state, dataSource, body.properties);
}

function plantBlock(state: State, body: JsonObject): void {
  const id = text(body.id);
  const type = text(body.type);
  const content = isRecord(body[type]) ? body[type] : {};
  const parent = parentOf(state, body.parent);
  if (type === "child_page") {
    const page = ensurePage(state, id, parent);
    Object.assign(page, authors(body));
    page.values.title ??= text(content.title);
    return;
  }
  if (type === "child_database") {
    const database = ensureDatabase(state, id, parent);
    Object.assign(database, authors(body));
    if (database.title === "") database.title = text(content.title);
    database.parent = parent;
    listIn(state, parent, id);
    return;
  }
  const known = state.blocks.get(id);
  const block: Block = {
    object: "block",
    id,
    type,
    parent,
    content,
    children: known?.children ?? [],
    ...authors(body),
  };
  state.blocks.set(id, block);
  listIn(state, parent, id);
}

/** A block that is only known by its id so far. */
export function ensureBlock(state: State, id: string): Block {
  const known = state.blocks.get(id);
  if (known !== undefined) return known;
  const made: Block = {
    object: "block",
    id,
    type: "paragraph",
    parent: { type: "workspace" },
    content: { rich_text: [], icon: null, color: "default" },
    children: [],
    ...authors({ created_time: "1970-01-01", last_edited_time: "1970-01-01" }),
  };
  state.blocks.set(id, made);
  return made;
}

/** Something recorded has children that no recording shows. */
export function plantChild(state: State, parentId: string): void {
  const parent = state.pages.get(parentId) ?? state.blocks.get(parentId);
  if (parent === undefined || parent.children.length > 0) return;
  const child = ensureBlock(state, state.random.recordId());
  child.parent = { type: parent.object === "page" ? "page_id" : "block_id", id: parent.id };
  parent.children = [child.id];
}

/** One property as its own endpoint answers it: complete, for lists one part after another. */
export function plantItem(
  state: State,
  page: Page,
  { id, answer, isFirst }: { readonly id: string; readonly answer: JsonObject; readonly isFirst: boolean },
): void {
  for (const user of objectsIn(answer)) if (user.object === "user") plantUser(state, user);
  const outer = isRecord(answer.property_item) ? answer.property_item : answer;
  const type = text(outer.type);
  const { parent } = page;
  const dataSource = parent.type === "data_source_id" ? state.dataSources.get(parent.id) : undefined;
  if (dataSource !== undefined)
    plantColumns(state, dataSource, { [id]: { ...outer, id: encodeURIComponent(id), type } });
  const items = Array.isArray(answer.results)
    ? answer.results.filter(isRecord).map((item) => item[type] ?? null)
    : null;
  const value = keptValue(type, items ?? answer[type] ?? null);
  if (value === undefined) {
    if (isFirst) delete page.values[id];
    return;
  }
  const before = page.values[id];
  page.values[id] =
    isFirst || !Array.isArray(before) || !Array.isArray(value) ? value : [...before, ...value];
}
