import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(import.meta.dirname, "../fixtures/notion");

export type RecordedPage = { readonly [key: string]: unknown } & {
  readonly properties: { readonly [name: string]: { readonly [key: string]: unknown } };
};

/** Every page object that the recordings hold, wherever in a body it stands, with the file it comes from. */
export function recordedPages(): { readonly file: string; readonly page: RecordedPage }[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json") && !name.startsWith("schemas/"))
    .sort();
  return files.flatMap((file) => {
    const pages: RecordedPage[] = [];
    collect(JSON.parse(readFileSync(join(folder, file), "utf8")), pages);
    return pages.map((page) => ({ file, page }));
  });
}

function collect(value: unknown, pages: RecordedPage[]): void {
  if (typeof value !== "object" || value === null) return;
  if (isPage(value)) pages.push(value);
  for (const member of Object.values(value)) collect(member, pages);
}

function isPage(value: object): value is RecordedPage {
  return "object" in value && value.object === "page" && "properties" in value;
}
