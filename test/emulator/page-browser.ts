import { runInNewContext } from "node:vm";

/** As much of an element as the emulator's page uses. */
export interface FakeElement {
  readonly tag: string;
  readonly attributes: Map<string, string>;
  readonly children: FakeElement[];
  readonly listeners: Map<string, (event: object) => unknown>;
  parent: FakeElement | null;
  textContent: string;
  value: string;
  checked: boolean;
}

export interface Page {
  byId(id: string): FakeElement;
  all(): FakeElement[];
  text(): string;
  /** The input or select with this label. */
  input(label: string): FakeElement;
  /** Clicks the button of this name, the one beside `near` where there are several; `answers` go to its questions. */
  click(name: string, ...more: (string | readonly string[])[]): Promise<void>;
  change(label: string, value: string | boolean): Promise<void>;
}

function createElement(tag: string): FakeElement {
  let own = "";
  const children: FakeElement[] = [];
  const made = {
    tag,
    attributes: new Map<string, string>(),
    children,
    listeners: new Map<string, (event: object) => unknown>(),
    parent: null as FakeElement | null,
    value: "",
    checked: false,
    get textContent(): string {
      return own + children.map((child) => child.textContent).join("");
    },
    set textContent(text: unknown) {
      children.length = 0;
      own = String(text);
    },
    set className(name: string) {
      made.attributes.set("class", name);
    },
    setAttribute(name: string, value: unknown) {
      made.attributes.set(name, String(value));
      if (name === "value") made.value = String(value);
      if (name === "checked") made.checked = true;
    },
    addEventListener(event: string, listener: (event: object) => unknown) {
      made.listeners.set(event, listener);
    },
    append(...added: (FakeElement | string)[]) {
      for (const each of added) {
        const child = typeof each === "string" ? textNode(each) : each;
        child.parent = made;
        children.push(child);
      }
      // As in a browser, a select shows its first option until another is chosen.
      const [first] = children;
      if (tag === "select" && made.value === "" && first !== undefined) made.value = first.value;
    },
    replaceChildren(...added: (FakeElement | string)[]) {
      children.length = 0;
      own = "";
      if (tag === "select") made.value = "";
      made.append(...added);
    },
  };
  return made;
}

function textNode(text: string): FakeElement {
  const node = createElement("#text");
  node.textContent = text;
  return node;
}

function* within(element: FakeElement): Generator<FakeElement> {
  yield element;
  for (const child of element.children) yield* within(child);
}

/** Runs the page's own script on the elements it finds by id, with the emulator behind it. */
export async function openPage(origin: string): Promise<Page> {
  const html = await (await fetch(`${origin}/`)).text();
  const [, script = ""] = /<script>([\s\S]*)<\/script>/.exec(html) ?? [];
  const [, body = ""] = /<body>([\s\S]*)<script>/.exec(html) ?? [];
  const named = [...body.matchAll(/<([a-z]+)[^>]* id="(\w+)"/g)];
  const elements = new Map(named.map(([, tag = "", id = ""]) => [id, createElement(tag)]));
  let underWay = 0;
  let answers: string[] = [];

  const byId = (id: string): FakeElement => {
    const element = elements.get(id);
    if (element === undefined) throw new TypeError(`the page has no element ${id}`);
    return element;
  };
  const idle = async (): Promise<void> => {
    for (let quiet = 0; quiet < 3; quiet = underWay === 0 ? quiet + 1 : 0)
      await new Promise((resolve) => setImmediate(resolve));
  };
  const counted = async (path: string, options?: RequestInit): Promise<object> => {
    underWay++;
    try {
      const response = await fetch(new URL(path, origin), options);
      const answer: unknown = await response.json();
      return { ok: response.ok, status: response.status, json: () => answer };
    } finally {
      underWay--;
    }
  };
  runInNewContext(script, {
    document: { getElementById: byId, createElement },
    fetch: counted,
    prompt: () => answers.shift() ?? null,
    confirm: () => true,
  });
  await idle();

  const all = (): FakeElement[] => [...elements.values()].flatMap((element) => [...within(element)]);
  const input = (label: string): FakeElement => {
    const found = all().find(({ attributes }) => attributes.get("aria-label") === label);
    if (found === undefined) throw new TypeError(`the page has no field ${label}`);
    return found;
  };
  return {
    byId,
    all,
    input,
    text: () =>
      all()
        .map(({ textContent }) => textContent)
        .join(" "),
    async click(name, ...more) {
      const near = more.find((each) => typeof each === "string");
      answers = more.flatMap((each) => (typeof each === "string" ? [] : [...each]));
      const found = all().find((element) => isCalled(element, name) && isBeside(element, near));
      if (found === undefined) throw new TypeError(`the page has no button ${name} beside ${near}`);
      await found.listeners.get("click")?.({ target: found });
      await idle();
    },
    async change(label, value) {
      const field = input(label);
      if (typeof value === "boolean") field.checked = value;
      else field.value = value;
      await field.listeners.get("change")?.({ target: field });
      await idle();
    },
  };
}

function isCalled({ tag, textContent, children }: FakeElement, name: string): boolean {
  return tag === "button" && (textContent === name || children.some((child) => child.textContent === name));
}

function isBeside({ parent }: FakeElement, near: string | undefined): boolean {
  if (near === undefined) return true;
  return `${parent?.textContent} ${parent?.attributes.get("title")}`.includes(near);
}
