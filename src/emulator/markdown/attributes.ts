/** Attributes of a tag or of an attribute list: `color="blue" toggle="true"`. */
export type Attributes = ReadonlyMap<string, string>;

export function parseAttributes(text: string): Attributes {
  const attributes = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g))
    attributes.set(name, unescapeQuotes(value));
  return attributes;
}

/** ` name="value"` for each that has a value. */
export function renderAttributes(attributes: { readonly [name: string]: string | null }): string {
  return Object.entries(attributes)
    .map(([name, value]) => (value === null ? "" : ` ${name}="${value.replaceAll('"', "&quot;")}"`))
    .join("");
}

function unescapeQuotes(value: string): string {
  return value.replaceAll("&quot;", '"');
}

/** Markdown says `blue_bg` where blocks say `blue_background`; null for the default. */
export function colorToMarkdown(color: unknown): string | null {
  if (typeof color !== "string" || color === "default") return null;
  return color.replace(/_background$/, "_bg");
}

export function colorFromMarkdown(color: string | undefined): string {
  return color === undefined ? "default" : color.replace(/_bg$/, "_background");
}

const idPattern = /([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})/gi;

/** The last id in a link: of the block after `#`, else of the page. Null when there is none. */
export function idInUrl(url: string | undefined): string | null {
  const last = [...(url ?? "").matchAll(idPattern)].at(-1);
  return last === undefined ? null : last.slice(1).join("-").toLowerCase();
}

export function pageUrl(id: string): string {
  return `https://app.notion.com/p/${id.replaceAll("-", "")}`;
}
