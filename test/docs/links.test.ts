import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { anchors, documents, prose } from "./markdown.ts";

const links = documents().flatMap(({ name, folder, text }) =>
  [
    ...prose(text)
      .replace(/`[^`\n]*`/g, "")
      .matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g),
  ]
    .map(([, target = ""]) => ({ name, folder, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target)),
);

describe("links between documents", () => {
  it("are there to be checked", () => {
    expect(links.length).toBeGreaterThan(10);
  });

  it.each(links)("$name → $target", ({ name, folder, target }) => {
    const [path = "", anchor] = target.split("#");
    const own = documents().find((document) => document.name === name)?.text ?? "";
    const file = join(folder, path);
    expect(existsSync(file), `${file} exists`).toBe(true);
    if (anchor === undefined) return;
    const text = path === "" ? own : statSync(file).isFile() ? readFileSync(file, "utf8") : "";
    expect([...anchors(text)]).toContain(anchor);
  });
});
