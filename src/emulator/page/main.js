import { cellOf } from "./cells.js";
import { openConfirm, openForm } from "./dialogs.js";
import { attempt, button, byId, element, show } from "./elements.js";
import { fillSelect } from "./fields.js";
import { openNewProperty, openProperty } from "./properties.js";
import { timeText } from "./values.js";
import { act, choose, load, nameOf, pageSize, rowNow, shown, titleOf, whenLoaded } from "./workspace.js";

function render() {
  const { state, source } = shown;
  byId("workspace").textContent = state.workspace.name;
  document.title = `${source === null ? state.workspace.name : nameOr(source.name)} · Notion emulator`;
  fillSelect(
    byId("person"),
    state.people.map(({ id, name }) => [id, name]),
  );
  fillSelect(
    byId("connection"),
    state.connections.map(({ botId, name }) => [botId, name]),
  );
  const list = element("ul", { id: "databases" }, ...state.databases.map(databaseItem));
  show(byId("databases"), list);
  show(
    byId("content"),
    element("section", { id: "content" }, ...(source === null ? emptyPart() : sourcePart())),
  );
}

const nameOr = (name) => name || "Untitled";
const isSeen = ({ seenBy }) => seenBy.includes(byId("connection").value);

/** A database is named apart from its data sources only where that tells more. */
function databaseItem(database) {
  const { id, title, inTrash, dataSources } = database;
  const isOne = dataSources.length === 1 && dataSources[0].name === title;
  const heading = element("h2", { text: nameOr(title) });
  return element(
    "li",
    { "data-key": id, class: inTrash ? "gone" : "" },
    ...(isOne ? [] : [heading]),
    ...dataSources.map(sourceButton),
  );
}

function sourceButton({ id, name, rows }) {
  return element(
    "button",
    {
      type: "button",
      class: "source",
      "data-key": id,
      "aria-current": String(id === shown.sourceId),
      on: { click: () => attempt(() => choose(id)) },
    },
    element("span", { text: nameOr(name) }),
    element("span", { class: "dim", text: rows }),
  );
}

function emptyPart() {
  const hasAny = shown.state.databases.length > 0;
  const text = hasAny ? "Choose a database to see its rows." : "This workspace has no databases yet.";
  return [
    element("div", { class: "empty" }, element("p", { text }), ...(hasAny ? [] : [newDatabaseButton()])),
  ];
}

function newDatabaseButton() {
  return button("New database", openNewDatabase, { class: "main" });
}

function openNewDatabase() {
  openForm(
    { title: "New database", fields: [{ name: "title", label: "Title" }], action: "Create" },
    async (answers) => {
      const { result } = await act("createDatabase", { title: answers.get("title") });
      await choose(result.dataSourceIds[0]);
    },
  );
}

function sourcePart() {
  const { columns, rows, database, sourceId } = shown;
  const head = element("tr", {}, ...columns.map(headCell), element("th", { text: "Edited" }), addCell());
  const table = element(
    "table",
    { "data-key": sourceId },
    element("thead", {}, head),
    element("tbody", {}, ...rows.map(rowOf)),
  );
  const none = element("p", { class: "empty", text: "No rows yet. “New row” adds the first." });
  return [
    barOf(),
    ...(database.inTrash ? [trashNotice(database)] : []),
    element("div", { class: "scroll" }, table, ...(rows.length === 0 && shown.offset === 0 ? [none] : [])),
    pagerOf(),
  ];
}

/** The listeners look at what is shown when they are called: it may be another database by then. */
function barOf() {
  const { database, source } = shown;
  const about = `${nameOr(database.title)} · ${source.rows} ${source.rows === 1 ? "row" : "rows"}`;
  const trash = () => act("trashDatabase", { databaseId: shown.database.id });
  return element(
    "div",
    { class: "bar" },
    element(
      "div",
      {},
      element("h2", { text: nameOr(source.name) }),
      element("p", { class: "dim", text: about }),
    ),
    button("New row", addRow, { class: "main" }),
    button("New data source", openNewSource),
    button(isSeen(database) ? "Unshare database" : "Share database", () => share(shown.database), {
      key: "share",
    }),
    ...(database.inTrash ? [] : [button("Trash database", trash)]),
  );
}

/** The new row's title waits to be typed. */
async function addRow() {
  const { result } = await act("createPage", { parent: { dataSourceId: shown.sourceId } });
  document.querySelector(`[data-key="${CSS.escape(result)}"] textarea`)?.focus();
}

/** Shares with the chosen connection, or no longer. */
function share(thing) {
  const token = byId("connection").value;
  return act(isSeen(thing) ? "unshare" : "share", { id: thing.id, token });
}

function openNewSource() {
  const { id, title } = shown.database;
  const about = `A second set of rows with properties of its own, in ${nameOr(title)}.`;
  openForm(
    { title: "New data source", about, fields: [{ name: "name", label: "Name" }], action: "Add" },
    (answers) => act("addDataSource", { databaseId: id, name: answers.get("name"), properties: {} }),
  );
}

function trashNotice({ id }) {
  const restore = button("Restore database", () => act("restoreDatabase", { databaseId: id }), { key: id });
  return element("p", { class: "notice" }, "This database is in the trash. ", restore);
}

function headCell({ id, name, type }) {
  const open = () => openProperty(id);
  const attributes = {
    type: "button",
    class: "property",
    "data-key": `property ${id}`,
    title: "Rename, options, delete",
  };
  const words = [element("span", { text: name }), element("small", { text: type.replaceAll("_", " ") })];
  return element(
    "th",
    { "data-key": id },
    element("button", { ...attributes, on: { click: open } }, ...words),
  );
}

const addCell = () => element("th", {}, button("+ New property", openNewProperty, { class: "quiet" }));

function rowOf(row) {
  const cells = shown.columns.map((column) =>
    element(
      "td",
      { "data-key": column.id, "data-label": column.name, class: column.type },
      cellOf(row, column),
    ),
  );
  const isGone = row.inTrash || row.isDeletedForGood;
  return element(
    "tr",
    { "data-key": row.id, class: isGone ? "gone" : "" },
    ...cells,
    element("td", { class: "edited", "data-label": "Edited" }, ...editedOf(row)),
    element("td", { class: "acts" }, ...actsOf(row)),
  );
}

function editedOf(row) {
  const tags = [
    ...(row.isDeletedForGood ? ["deleted for good"] : []),
    ...(row.inTrash && !row.isDeletedForGood ? ["in trash"] : []),
    ...(isSeen(row) || row.isDeletedForGood ? [] : ["not shared"]),
  ];
  return [
    element("span", { class: "by", text: nameOf(row.lastEditedBy) }),
    element("span", { class: "dim", text: timeText(row.lastEditedTime) }),
    ...tags.map((text) => element("span", { class: "tag", text })),
  ];
}

function actsOf(row) {
  if (row.isDeletedForGood) return [];
  const { id, inTrash } = row;
  const title = titleOf(row);
  const toTrash = () => act(rowNow(id).inTrash ? "restorePage" : "trashPage", { pageId: id });
  const remove = () =>
    openConfirm(
      {
        title: `Delete ${titleOf(rowNow(id))} for good?`,
        about: "Nothing brings it back.",
        action: "Delete for good",
      },
      () => act("deletePage", { pageId: id }),
    );
  const rowButton = (text, work, more) => button(text, work, { "aria-label": `${text}: ${title}`, ...more });
  return [
    rowButton(inTrash ? "Restore" : "Trash", toTrash, { key: `trash ${id}` }),
    rowButton(isSeen(row) ? "Unshare" : "Share", () => share(rowNow(id)), { key: `share ${id}` }),
    rowButton("Delete for good", remove, { key: `delete ${id}`, class: "bad" }),
  ];
}

function pagerOf() {
  const { offset, rows, hasMore, sourceId } = shown;
  if (offset === 0 && !hasMore) return element("p", { class: "pager" });
  const go = (text, to, isThere) =>
    button(text, () => choose(sourceId, to), { key: `${sourceId} ${to}`, disabled: !isThere });
  return element(
    "p",
    { class: "pager" },
    go("Previous", offset - pageSize, offset > 0),
    element("span", { class: "dim", text: `Rows ${offset + 1} to ${offset + rows.length}` }),
    go("Next", offset + pageSize, hasMore),
  );
}

whenLoaded(render);
byId("addDatabase").addEventListener("click", openNewDatabase);
byId("connection").addEventListener("change", render);
attempt(load);
