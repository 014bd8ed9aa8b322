import { attempt, element, isChanged } from "./elements.js";

/**
 * A text that is edited where it stands: Enter or going elsewhere commits it, Shift and Enter breaks the line, Escape
 * takes it back. `commit` gets the new text and the old. A text that is refused stays, marked, to be mended.
 */
export function textField({ text, commit, key, ...attributes }) {
  const field = element("textarea", { ...attributes, text, rows: 1, spellcheck: "false", "data-key": key });
  const takeBack = () => {
    field.value = field.defaultValue;
    field.removeAttribute("aria-invalid");
  };
  let underWay = null;
  const send = async () => {
    const sent = field.value;
    // Enter, then Tab at once: the same text is committed once.
    if (!field.isConnected || !isChanged(field) || sent === underWay) return;
    underWay = sent;
    const isDone = await attempt(() => commit(sent, field.defaultValue));
    underWay = null;
    if (!isDone) field.setAttribute("aria-invalid", "true");
    else if (field.value === sent) takeBack();
  };
  field.addEventListener("blur", send);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && isChanged(field)) {
      // In a dialog, Escape takes the text back before it closes the dialog.
      event.preventDefault();
      takeBack();
    }
  });
  return field;
}

export function selectField({ choices, value, ...attributes }) {
  const options = choices.map(([id, text]) => element("option", { value: id, text, selected: id === value }));
  return element("select", attributes, ...options);
}

/** Fills a select anew; what was chosen stays chosen as long as it is there. */
export function fillSelect(select, choices) {
  const { value } = select;
  select.replaceChildren(...selectField({ choices, value }).childNodes);
  const isThere = choices.some(([id]) => id === value);
  select.value = isThere ? value : (choices[0]?.[0] ?? "");
}
