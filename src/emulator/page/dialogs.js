import { attempt, element } from "./elements.js";
import { selectField } from "./fields.js";

let dialogs = 0;

/** Opens a dialog with `children`. It goes when it is closed. */
export function openDialog(title, ...children) {
  const id = `dialog-${++dialogs}`;
  const heading = element("h2", { id, text: title });
  const said = element("p", { class: "said", role: "alert" });
  const dialog = element("dialog", { "aria-labelledby": id }, heading, ...children, said);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks for `fields` and then does `submit` with the answers. What is refused is said in the dialog, which stays open. A
 * field has a name and label, and perhaps a value, choices to choose one from, or choices to pick several from.
 */
export function openForm({ title, about, fields = [], action, isBad = false }, submit) {
  const form = element(
    "form",
    { method: "dialog" },
    ...(about === undefined ? [] : [element("p", { text: about })]),
    ...fields.map(fieldOf),
    element(
      "footer",
      {},
      element("button", { type: "button", text: "Cancel", on: { click: () => dialog.close() } }),
      element("button", { text: action, class: isBad ? "bad" : "main" }),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await attempt(() => submit(new FormData(form)))) dialog.close();
  });
  const dialog = openDialog(title, form);
}

/** Asks whether something that cannot be taken back shall be done. */
export function openConfirm({ title, about, action }, work) {
  openForm({ title, about, action, isBad: true }, work);
}

function fieldOf({ name, label, value = "", choices, several, isOptional = false }) {
  if (several !== undefined) return severalOf({ name, label, several });
  const field =
    choices === undefined
      ? element("input", { name, value, required: !isOptional, autocomplete: "off" })
      : selectField({ name, choices, value });
  return element("label", { class: "field" }, label, field);
}

function severalOf({ name, label, several }) {
  const entries = several.map(([value, text, isPicked]) =>
    element("label", {}, element("input", { type: "checkbox", name, value, checked: isPicked }), text),
  );
  const none = element("p", { class: "dim", text: "Nothing to pick from." });
  const list = element("div", { class: "picks" }, ...(entries.length === 0 ? [none] : entries));
  return element("fieldset", {}, element("legend", { text: label }), list);
}
