import { bodyError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import { isTemplate } from "../operations/templates.ts";
import { canSee, requireCapability } from "../state/access.ts";
import { type DataSource, isTrashed, type Page, type State } from "../state/state.ts";
import { plainText } from "../values/rich-text.ts";
import type { Call } from "./call.ts";
import { objectAt, oneOf } from "./input.ts";
import { listPage } from "./list.ts";
import { pageTitle, renderDatabase, renderDataSource, renderPage } from "./render.ts";
import { hasDataSources } from "./versions.ts";

/** POST /search: titles only, latest edit first unless asked otherwise. */
export function search(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const { state, body } = call;
  const container = hasDataSources(call.version) ? "data_source" : "database";
  const kind = objectKind(body.filter, container);
  const inTrash = objectOr(body.filter).in_trash === true;
  const words = stringOr(body.query, "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const order = parseOrder(body.sort);
  return listPage(call, {
    subject: `search ${JSON.stringify([words, kind, order, inTrash])}`,
    type: `page_or_${container}`,
    items: () => {
      const found = candidates(call, kind)
        .filter(
          (candidate) => isTrashed(state, candidate) === inTrash && canSee(state, call.connection, candidate),
        )
        .map((candidate) => ({ candidate, score: scoreOf(titleText(candidate), words) }))
        .filter(({ score }) => score >= scoreMin);
      const sign = order === "ascending" ? 1 : -1;
      found.sort(
        (left, right) =>
          (order === "relevance" ? right.score - left.score : 0) ||
          sign * (left.candidate.editedAt - right.candidate.editedAt),
      );
      return found.map(({ candidate }) => candidate.id);
    },
    render: (id) => renderFound(String(id), call),
  });
}

/** `{property: "object", value}`; absent: everything. */
function objectKind(filter: Json | undefined, container: string): "page" | "container" | null {
  if (!isObject(filter) || filter.value === undefined) return null;
  if (filter.value === "page") return "page";
  if (filter.value === container) return "container";
  throw bodyError("body.filter.value", `\`"page"\`, or \`"${container}"\``, filter.value);
}

/** Before 2025-09-03 a database with several data sources is not found at all. */
function candidates({ state, version }: Call, kind: "page" | "container" | null): (Page | DataSource)[] {
  const pages =
    kind === "container" ? [] : [...state.pages.values()].filter((page) => !isTemplate(state, page));
  const containers = kind === "page" ? [] : [...state.dataSources.values()];
  const isFound = (dataSource: DataSource): boolean =>
    hasDataSources(version) || isOnlySource(dataSource, state);
  // Latest first, so that equal edit times leave the newest in front.
  return [...containers.filter(isFound), ...pages].reverse();
}

function isOnlySource(dataSource: DataSource, state: State): boolean {
  return state.databases.get(dataSource.databaseId)?.dataSourceIds.length === 1;
}

function titleText(candidate: Page | DataSource): string {
  return (candidate.object === "page" ? pageTitle(candidate) : plainText(candidate.title)).toLowerCase();
}

/** The part of the words that a title must have: search is fuzzy. */
const scoreMin = 0.5;

/** Which part of the words stand in a title; all when there are none. */
function scoreOf(title: string, words: readonly string[]): number {
  if (words.length === 0) return 1;
  return words.filter((word) => title.includes(word)).length / words.length;
}

/** By the last edit, or by how well the title fits. */
function parseOrder(input: Json | undefined): "ascending" | "descending" | "relevance" {
  if (input === undefined || input === null) return "descending";
  const sort = objectAt(input, "body.sort");
  if (sort.property === "relevance") return "relevance";
  if (sort.timestamp !== undefined) oneOf(sort.timestamp, "body.sort.timestamp", ["last_edited_time"]);
  return sort.direction === undefined
    ? "descending"
    : oneOf(sort.direction, "body.sort.direction", ["ascending", "descending"]);
}

function renderFound(id: string, call: Call): JsonObject | null {
  const page = call.state.pages.get(id);
  if (page !== undefined) return renderPage(page, call);
  const dataSource = call.state.dataSources.get(id);
  if (dataSource === undefined) return null;
  if (hasDataSources(call.version)) return renderDataSource(dataSource, call);
  const database = call.state.databases.get(dataSource.databaseId);
  return database === undefined ? null : renderDatabase(database, call);
}
