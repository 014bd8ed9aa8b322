import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { startQuiet } from "../harness.ts";

describe("the page's answer", () => {
  it("lets its own script and style run, and nothing else", async () => {
    await using emulator = await startQuiet();
    const response = await fetch(`${emulator.url}/`);
    const html = await response.text();
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    for (const tag of ["script", "style"]) {
      const [, content = ""] = html.split(new RegExp(`</?${tag}[^>]*>`));
      const hash = createHash("sha256").update(content).digest("base64");
      expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
    }
    expect(policy).not.toContain("unsafe");
  });

  it("asks nobody else for anything, and has no handlers in its markup", async () => {
    await using emulator = await startQuiet();
    const html = await (await fetch(`${emulator.url}/?x=1`)).text();
    expect(html).not.toMatch(/^(import|export) /m);
    expect(html).not.toMatch(
      /https?:|\/\/[a-z]|<[^>]* on[a-z]+=|innerHTML|insertAdjacentHTML|document\.write/,
    );
  });

  it("is absent without the controls", async () => {
    await using emulator = await startQuiet({ control: false });
    expect((await fetch(`${emulator.url}/`)).status).toBe(400);
  });
});
