import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

export interface Document {
  /** From the root of the repository. */
  readonly name: string;
  readonly folder: string;
  readonly text: string;
}

/** Every Markdown file that people read: those at the root, and all below docs/. */
export function documents(): readonly Document[] {
  const files = [
    ...readdirSync(repository).map((name) => join(repository, name)),
    ...readdirSync(join(repository, "docs"), { recursive: true, encoding: "utf8" }).map((name) =>
      join(repository, "docs", name),
    ),
  ];
  return files
    .filter((file) => file.endsWith(".md"))
    .map((file) => ({
      name: relative(repository, file),
      folder: dirname(file),
      text: readFileSync(file, "utf8"),
    }));
}

/** The text without its fenced blocks. */
export function prose(text: string): string {
  return text.replace(fence, "");
}

/** Lines of the fenced blocks in this language. */
export function codeLines(text: string, language: string): readonly string[] {
  return [...text.matchAll(fence)]
    .filter(([, , written]) => written === language)
    .flatMap(([, , , block = ""]) => block.split("\n"))
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const fence = /^([ \t]*)```(\w*)\n([\s\S]*?)^\1```$/gm;

/** Headings as the anchors that links name. */
export function anchors(text: string): ReadonlySet<string> {
  const headings = prose(text).matchAll(/^#{1,6} +(.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}
