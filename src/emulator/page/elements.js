/** An element with attributes, listeners (`on`) and children. Text is never read as markup. */
export function element(tag, { text, on = {}, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  if (text !== undefined) made.textContent = text;
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  made.append(...children);
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Tells the outcome where the person is: in the dialog that is open, else at the foot of the page. */
export function say(text, isBad = false) {
  const place = [...document.querySelectorAll("dialog[open] .said")].at(-1) ?? byId("said");
  place.textContent = text;
  place.classList.toggle("bad", isBad);
}

/** Does something for the person, and says what went wrong. Returns whether it was done. */
export async function attempt(work) {
  try {
    say("");
    await work();
    return true;
  } catch (error) {
    say(error.message, true);
    return false;
  }
}

/** A button that does `work`; `key` tells it from others of its kind. */
export function button(text, work, { key = text, ...attributes } = {}) {
  const on = { click: () => attempt(work) };
  return element("button", { text, type: "button", "data-key": key, on, ...attributes });
}

/**
 * Makes `old` look like `fresh`, keeping the elements that are the same, so that focus and half-typed text stay. They
 * are the same when tag and `data-key` agree. A kept element keeps its listeners: these may know what the key names,
 * and look up the rest when they are called.
 */
export function show(old, fresh) {
  const key = keyOf(document.activeElement);
  settle(old, fresh);
  if (key === undefined || keyOf(document.activeElement) === key) return;
  old.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

function settle(old, fresh) {
  if (old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh)) return old.replaceWith(fresh);
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  const isHalfTyped = old === document.activeElement && isChanged(old);
  settleAttributes(old, fresh);
  settleChildren(old, fresh);
  if (old.nodeName === "SELECT" || (isText(old) && !isHalfTyped)) old.value = fresh.value;
  if (old.type === "checkbox") old.checked = fresh.checked;
}

/** Whether a text field holds something else than it was filled with. Browsers keep line ends in one form only. */
export function isChanged(field) {
  return isText(field) && field.value !== field.defaultValue.replace(/\r\n?/g, "\n");
}

const isText = ({ nodeName }) => nodeName === "TEXTAREA";
const keyOf = (node) => node.dataset?.key;

function settleAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}

function settleChildren(old, fresh) {
  const wanted = [...fresh.childNodes];
  const keys = new Set(wanted.map(keyOf));
  for (const child of [...old.childNodes]) if (!keys.has(keyOf(child))) child.remove();
  for (const [index, child] of wanted.entries()) {
    const there = old.childNodes[index];
    if (there === undefined) old.append(child);
    else settle(there, child);
  }
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}
