// Draws docs/demo.svg from what `npm run demo` really prints. Usage: node scripts/demo-picture.ts
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const output = execFileSync(process.execPath, ["src/cli/main.ts", "demo", "--once"], {
  cwd: root,
  encoding: "utf8",
  env: { ...process.env, NO_COLOR: "1" },
});

const size = { character: 7.25, line: 16, font: 12, margin: 16, columnsMax: 150 };
const lines = output.trim().split("\n");
const width = Math.ceil(size.columnsMax * size.character) + 2 * size.margin;
const height = lines.length * size.line + 2 * size.margin;

function colorOf(line: string): string {
  if (line.startsWith("──")) return "#e5c07b";
  if (line.startsWith("✓") || line.startsWith("All ")) return "#98c379";
  if (line.startsWith("✗")) return "#e06c75";
  return "#d7dae0";
}

function draw(line: string, index: number): string {
  const shown = line.length > size.columnsMax ? `${line.slice(0, size.columnsMax - 1)}…` : line;
  const escaped = shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const y = size.margin + (index + 0.8) * size.line;
  return `<text x="${size.margin}" y="${y}" fill="${colorOf(line)}" xml:space="preserve">${escaped}</text>`;
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Output of npm run demo">
<rect width="100%" height="100%" rx="8" fill="#21252b"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${size.font}">
${lines.map(draw).join("\n")}
</g>
</svg>
`;
writeFileSync(join(root, "docs", "demo.svg"), svg);
