/** Where Notion links point. Workspaces also have hosts of their own below notion.site. */
const notionHosts = new Set(["notion.so", "www.notion.so", "app.notion.com", "notion.com", "www.notion.com"]);

const accepted =
  "expected a database or data source id (32 hexadecimal digits, with or without dashes) or a link copied from Notion";

/**
 * Reads an id, or finds the one in a pasted link, as a dashed lower-case UUID. In a link the last run of 32 digits of
 * the path counts: what follows `?v=` is the id of a view.
 */
export function parseNotionId(text: string): { readonly id: string } | { readonly problem: string } {
  const trimmed = text.trim();
  const plain = trimmed.replaceAll("-", "");
  if (/^[0-9a-f]{32}$/i.test(plain)) return { id: dashed(plain) };
  if (!/^https?:\/\/|^[\w.-]+\.(?:so|com|site)\//i.test(trimmed)) return { problem: accepted };
  return parseLink(trimmed.includes("://") ? trimmed : `https://${trimmed}`);
}

/** An id or a link as it stands in a configuration, as an id; what is neither stays as it is. null: nothing was written. */
export function notionIdIn(text: string): string;
export function notionIdIn(text: string | undefined): string | null;
export function notionIdIn(text: string | undefined): string | null {
  if (text === undefined) return null;
  const parsed = parseNotionId(text);
  return "id" in parsed ? parsed.id : text;
}

function parseLink(link: string): { readonly id: string } | { readonly problem: string } {
  if (!URL.canParse(link)) return { problem: accepted };
  const url = new URL(link);
  if (!notionHosts.has(url.hostname) && !url.hostname.endsWith(".notion.site")) {
    return { problem: `${accepted}; this link points to ${url.hostname}, which is not Notion` };
  }
  for (const part of url.pathname.split("/").reverse()) {
    const match = /([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})$/i.exec(part);
    if (match?.[1] !== undefined) return { id: dashed(match[1].replaceAll("-", "")) };
  }
  return { problem: `${accepted}; this link holds no id in its path (a view's id after ?v= does not count)` };
}

function dashed(digits: string): string {
  return digits.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
