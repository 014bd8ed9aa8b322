import { openForm } from "./dialogs.js";
import { attempt, element } from "./elements.js";
import { selectField, textField } from "./fields.js";
import { textOf, timeText, typed } from "./values.js";
import { act, nameOf, rowNow, shown, titleOf } from "./workspace.js";

/** The editor for one value; where people cannot write it, its text. */
export function cellOf(row, column) {
  const cell = {
    value: row.properties[column.name],
    valueNow: () => rowNow(row.id)?.properties[column.name],
    label: `${column.name} of ${titleOf(row)}`,
    key: `${row.id} ${column.id} ${column.type}`,
    isGone: row.inTrash || row.isDeletedForGood,
    write: (written) =>
      act("editPage", { pageId: row.id, properties: { [column.id]: { [column.type]: written } } }),
  };
  if (column.type in typed) return typedCell(cell, typed[column.type]);
  if (column.type === "checkbox") return checkboxCell(cell);
  if (column.type === "select" || column.type === "status") return choiceCell(cell, column);
  if (column.type in several) return severalCell(cell, column);
  return element("span", { class: "computed", text: timeText(textOf(cell.value)) });
}

function typedCell({ value, valueNow, label, key, isGone, write }, kind) {
  return textField({
    text: textOf(value),
    commit: (text) => write(kind.write(text, valueNow())),
    key,
    "aria-label": label,
    title: kind.hint,
    disabled: isGone,
  });
}

function checkboxCell({ value, label, key, isGone, write }) {
  return element("input", {
    type: "checkbox",
    checked: value === true,
    "data-key": key,
    "aria-label": label,
    disabled: isGone,
    on: { change: ({ target }) => attempt(() => write(target.checked)) },
  });
}

function choiceCell({ value, label, key, isGone, write }, column) {
  const { options } = column[column.type];
  return selectField({
    choices: [["", ""], ...options.map(({ name }) => [name, name])],
    value: value?.name ?? "",
    class: `chip ${value?.color ?? ""}`,
    "data-key": key,
    "aria-label": label,
    disabled: isGone,
    on: { change: ({ target }) => attempt(() => write(target.value === "" ? null : { name: target.value })) },
  });
}

/** Values of which there may be several: how one is named, what there is to pick from, and what else may be added. */
const several = {
  multi_select: {
    nameOf: ({ name }) => name,
    idOf: ({ name }) => name,
    write: (name) => ({ name }),
    choices: (column) => column.multi_select.options.map(({ name }) => [name, name]),
    other: "A new option",
  },
  people: {
    nameOf: ({ id, name }) => name ?? nameOf(id),
    idOf: ({ id }) => id,
    write: (id) => ({ id }),
    choices: () => shown.state.people.map(({ id, name }) => [id, name]),
  },
  relation: {
    nameOf: ({ id }, column) => shown.titles.get(column.relation.data_source_id)?.get(id) ?? id,
    idOf: ({ id }) => id,
    write: (id) => ({ id }),
    choices: (column) => [...(shown.titles.get(column.relation.data_source_id) ?? [])],
    other: "The id of another row",
  },
};

function severalCell({ value, valueNow, label, key, isGone, write }, column) {
  const kind = several[column.type];
  const chips = (value ?? []).map((item) =>
    element("span", { class: `chip ${item.color ?? ""}`, text: kind.nameOf(item, column) }),
  );
  const open = () => openPicks({ kind, items: valueNow() ?? [], column, label, write });
  const attributes = { type: "button", class: "several", "aria-label": `${label}: ${textsOf(chips)}` };
  return element(
    "button",
    { ...attributes, "data-key": key, disabled: isGone, on: { click: open } },
    ...chips,
  );
}

const textsOf = (chips) => chips.map(({ textContent }) => textContent).join(", ") || "none";

/** What was picked keeps its place, what is picked now comes after it. */
function openPicks({ kind, items, column, label, write }) {
  const picked = new Map(items.map((item) => [kind.idOf(item), kind.nameOf(item, column)]));
  const choices = new Map([...picked, ...kind.choices(column)]);
  const fields = [
    {
      name: "picked",
      label: column.name,
      several: [...choices].map(([id, name]) => [id, name, picked.has(id)]),
    },
    ...(kind.other === undefined ? [] : [{ name: "other", label: kind.other, isOptional: true }]),
  ];
  openForm({ title: label, fields, action: "Save" }, (answers) => {
    const other = answers.get("other") ?? "";
    const ids = [...answers.getAll("picked"), ...(other === "" ? [] : [other])];
    return write(ids.map(kind.write));
  });
}
