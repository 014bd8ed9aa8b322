import { bodyError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import { canSee, requireCapability } from "../state/access.ts";
import { type DataSource, isTrashed, type Page, type State } from "../state/state.ts";
import { plainText } from "../values/rich-text.ts";
import type { Call } from "./call.ts";
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
  const isAscending = objectOr(body.sort).direction === "ascending";
  return listPage(call, {
    subject: `search ${JSON.stringify([words, kind, isAscending, inTrash])}`,
    type: `page_or_${container}`,
    items: () => {
      const found = candidates(call, kind)
        .filter(
          (candidate) => isTrashed(state, candidate) === inTrash && canSee(state, call.connection, candidate),
        )
        .filter((candidate) => hasWords(titleText(candidate), words));
      found.sort((left, right) => (isAscending ? 1 : -1) * (left.editedAt - right.editedAt));
      return found.map((candidate) => candidate.id);
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
  const pages = kind === "container" ? [] : [...state.pages.values()];
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

function hasWords(title: string, words: readonly string[]): boolean {
  return words.every((word) => title.includes(word));
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
