import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Answer } from "./exchange.ts";

const folder = new URL("../page/", import.meta.url);

const styles = ["layout", "controls", "table", "dialogs", "narrow"];

/** Each after those that it imports. */
const modules = ["elements", "workspace", "values", "fields", "dialogs", "cells", "properties", "main"];

/** The page at `/`, one document. It may run its own script and style and talk to this emulator, and nothing else. */
export async function pageAnswer(date: string): Promise<Answer> {
  const html = await read("page.html");
  const style = (await Promise.all(styles.map((name) => read(`${name}.css`)))).join("\n");
  const scripts = await Promise.all(modules.map((name) => read(`${name}.js`)));
  const script = scripts.map(withoutImports).join("\n");
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ];
  return {
    status: 200,
    text: html.replace("</style>", () => `${style}</style>`).replace("</script>", () => `${script}</script>`),
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy.join("; "),
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      date,
    },
  };
}

async function read(name: string): Promise<string> {
  return readFile(new URL(name, folder), "utf8");
}

/** The modules stand in one script: what they import stands above them. */
function withoutImports(module: string): string {
  return module.replace(/^import [^;]*;\n/gm, "").replace(/^export /gm, "");
}

/** As a policy names an inline element: by the hash of its text. */
function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
