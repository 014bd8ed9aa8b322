import { isObject, type Json, type JsonObject, objectOr } from "../json.ts";
import {
  type Block,
  childIds,
  type DataSource,
  dataSourceOf,
  findEntity,
  type Page,
  type State,
} from "../state/state.ts";
import { normalizeDate } from "../values/dates.ts";
import { createBlock } from "./blocks.ts";
import { type Actor, createPage, setValues, touch } from "./pages.ts";
import { tellContent } from "./tell.ts";

/** Makes a page that rows can be made from. People do this; no connection can. */
export function createTemplate(
  state: State,
  dataSource: DataSource,
  {
    properties,
    isDefault,
    actor,
  }: { readonly properties: JsonObject; readonly isDefault: boolean; readonly actor: Actor },
): Page {
  const page = createPage(
    state,
    { parent: { type: "data_source_id", id: dataSource.id }, properties },
    actor,
  );
  // A template has a row's columns and is none.
  dataSource.rows.delete(page);
  dataSource.templateIds = [...dataSource.templateIds, page.id];
  if (isDefault) dataSource.defaultTemplateId = page.id;
  return page;
}

export function isTemplate(state: State, page: Page): boolean {
  return dataSourceOf(state, page)?.templateIds.includes(page.id) ?? false;
}

interface Application {
  readonly template: Page;
  readonly actor: Actor;
  /** Where "today" and "now" are asked for. */
  readonly timeZone: string;
  /** Ids of the columns that keep what they were given. */
  readonly written: readonly string[];
}

/** Gives a page what a template holds: values where it has none of its own, icon, cover, and the blocks inside. */
export function applyTemplate(state: State, page: Page, application: Application): void {
  const { template, actor, written } = application;
  const properties = dataSourceOf(state, page)?.properties ?? [];
  const given = properties.filter(
    ({ id, type }) => type !== "unique_id" && !written.includes(id) && template.values[id] !== undefined,
  );
  setValues(state, page, new Map(given.map((property) => [property, template.values[property.id]])));
  page.icon ??= template.icon;
  page.cover ??= template.cover;
  const copies = copyChildren(template, page, { state, ...application });
  page.children = [...page.children, ...copies];
  touch(state, page, actor);
  tellContent(state, page, { changed: [page], actor });
}

type Copying = Application & { readonly state: State };

function copyChildren(from: Page | Block, to: Page | Block, copying: Copying): string[] {
  const { state, actor } = copying;
  return childIds(state, from).flatMap((id) => {
    const child = findEntity(state, id);
    if (child?.object !== "block" || child.inTrash) return [];
    const content = resolve(child.content, copying);
    const made = createBlock(
      state,
      { type: child.type, content: isObject(content) ? content : {}, children: [] },
      { parent: to, actor },
    );
    made.children = copyChildren(child, made, copying);
    return [made.id];
  });
}

/** Content with "today", "now" and "me" replaced by what they mean. */
function resolve(content: Json, copying: Copying): Json {
  if (Array.isArray(content)) return content.map((each) => resolve(each, copying));
  if (!isObject(content)) return content;
  if (content.type === "mention") {
    const mention = objectOr(content.mention);
    if (mention.type === "template_mention")
      return resolveMention(content, objectOr(mention.template_mention), copying);
  }
  return Object.fromEntries(Object.entries(content).map(([key, value]) => [key, resolve(value, copying)]));
}

function resolveMention(
  item: JsonObject,
  template: JsonObject,
  { state, actor, timeZone }: Copying,
): JsonObject {
  if (template.type === "template_mention_user" || template.template_mention_user !== undefined) {
    const name = state.users.get(actor.userId)?.name ?? "";
    return {
      ...item,
      mention: { type: "user", user: { object: "user", id: actor.userId } },
      plain_text: `@${name}`,
    };
  }
  const local = localTime(actor.at, timeZone);
  const isNow = template.template_mention_date === "now";
  const start = (isNow ? normalizeDate(local, timeZone) : null) ?? local.slice(0, 10);
  return {
    ...item,
    mention: { type: "date", date: { start, end: null, time_zone: null } },
    plain_text: start,
  };
}

/** What clocks in a zone show, as `2026-11-21T08:20:00`. */
function localTime(ms: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return format.format(new Date(ms)).replace(" ", "T");
}
