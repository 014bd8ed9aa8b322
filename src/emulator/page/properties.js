import { openConfirm, openDialog, openForm } from "./dialogs.js";
import { button, element, show } from "./elements.js";
import { textField } from "./fields.js";
import { act, shown, whenLoaded } from "./workspace.js";

const newTypes = [
  ["rich_text", "Text"],
  ["number", "Number"],
  ["select", "Select"],
  ["multi_select", "Multi-select"],
  ["status", "Status"],
  ["date", "Date"],
  ["people", "People"],
  ["files", "Files"],
  ["checkbox", "Checkbox"],
  ["url", "URL"],
  ["email", "Email"],
  ["phone_number", "Phone number"],
  ["unique_id", "ID"],
  ["created_time", "Created time"],
  ["created_by", "Created by"],
  ["last_edited_time", "Last edited time"],
  ["last_edited_by", "Last edited by"],
];

export function openNewProperty() {
  const relations = shown.state.databases.flatMap(({ dataSources }) =>
    dataSources.map(({ id, name }) => [`relation ${id}`, `Relation to ${name || "Untitled"}`]),
  );
  const fields = [
    { name: "name", label: "Name" },
    { name: "type", label: "Type", choices: [...newTypes, ...relations] },
  ];
  openForm({ title: "New property", fields, action: "Add" }, (answers) => {
    const [type, target] = answers.get("type").split(" ");
    const config = target === undefined ? {} : { data_source_id: target, single_property: {} };
    const schema = { [type]: config };
    return act("addProperty", { dataSourceId: shown.sourceId, name: answers.get("name"), schema });
  });
}

/** A dialog in which one property is renamed, deleted, and its options edited. It shows what was done at once. */
export function openProperty(propertyId) {
  const find = () => shown.columns.find(({ id }) => id === propertyId);
  const panel = panelOf(find());
  const close = () => dialog.close();
  const footer = element(
    "footer",
    {},
    element("button", { text: "Done", type: "button", on: { click: close } }),
  );
  const dialog = openDialog("Property", panel, footer);
  const forget = whenLoaded(() => {
    const column = find();
    if (column === undefined) dialog.close();
    else show(panel, panelOf(column));
  });
  dialog.addEventListener("close", forget);
}

function panelOf(column) {
  const inputs = { dataSourceId: shown.sourceId, property: column.id };
  const name = textField({
    text: column.name,
    commit: (text) => act("renameProperty", { ...inputs, name: text }),
    key: `name ${column.id}`,
    "aria-label": "Name",
  });
  const options = column[column.type]?.options;
  const parts = [
    element("label", { class: "field" }, "Name", name),
    element("p", { class: "dim", text: `Type: ${column.type}` }),
    ...(options === undefined ? [] : optionsPart(options, inputs)),
    ...(column.type === "title" ? [] : [dropButton(column, inputs)]),
  ];
  return element("div", { class: "panel" }, ...parts);
}

function dropButton({ id, name }, inputs) {
  const ask = () =>
    openConfirm(
      { title: `Delete ${name}?`, about: "Its values go with it.", action: "Delete property" },
      () => act("deleteProperty", inputs),
    );
  return button("Delete this property…", ask, { class: "bad quiet", key: `delete ${id} ${name}` });
}

function optionsPart(options, inputs) {
  const add = () =>
    openForm({ title: "New option", fields: [{ name: "name", label: "Name" }], action: "Add" }, (answers) =>
      act("addOption", { ...inputs, name: answers.get("name") }),
    );
  const items = options.map((option, index) => optionItem({ option, index, inputs, count: options.length }));
  const none = element("p", { class: "dim", text: "No options yet." });
  return [
    element("h3", { text: "Options" }),
    options.length === 0 ? none : element("ol", { class: "options" }, ...items),
    button("+ New option", add, { class: "quiet" }),
  ];
}

function optionItem({ option, index, count, inputs }) {
  const { id, name, color } = option;
  const drop = () =>
    openConfirm(
      { title: `Delete ${name}?`, about: "Rows that have it lose it.", action: "Delete option" },
      () => act("deleteOption", { ...inputs, name }),
    );
  const move = (text, step, disabled) =>
    button(text, () => moveOption(inputs, id, step), {
      key: `${text} ${id}`,
      disabled,
      "aria-label": `${text}: ${name}`,
    });
  const field = textField({
    text: name,
    commit: (to, from) => act("renameOption", { ...inputs, from, to }),
    key: id,
    "aria-label": `Option ${name}`,
  });
  return element(
    "li",
    {},
    element("span", { class: `dot ${color}` }),
    field,
    move("Up", -1, index === 0),
    move("Down", 1, index === count - 1),
    button("Delete", drop, { key: `delete ${id} ${name}`, class: "bad", "aria-label": `Delete ${name}` }),
  );
}

function moveOption(inputs, optionId, step) {
  const column = shown.columns.find(({ id }) => id === inputs.property);
  const { options } = column[column.type];
  const names = options.map(({ name }) => name);
  const index = options.findIndex(({ id }) => id === optionId);
  const order = names.toSpliced(index, 1).toSpliced(index + step, 0, names[index]);
  return act("reorderOptions", { ...inputs, names: order });
}
