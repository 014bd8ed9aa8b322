import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Answer } from "./exchange.ts";

const file = new URL("../page/page.html", import.meta.url);

/** The page at `/`. It may run its own script and style and talk to this emulator, and nothing else. */
export async function pageAnswer(date: string): Promise<Answer> {
  const text = await readFile(file, "utf8");
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(text, "script")}`,
    `style-src ${hashOf(text, "style")}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ];
  return {
    status: 200,
    text,
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

/** As a policy names an inline element: by the hash of its text. */
function hashOf(html: string, element: "script" | "style"): string {
  const start = html.indexOf(`<${element}>`) + element.length + 2;
  const text = html.slice(start, html.indexOf(`</${element}>`, start));
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
