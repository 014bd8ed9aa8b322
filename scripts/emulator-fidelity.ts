// npm run emulator:fidelity: replays every recorded call to Notion against the emulator and prints how many answers are
// equal. With --write the figures go into docs/emulator.md as well.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureFidelity, renderReport } from "../test/emulator/fidelity/report.ts";

const report = await measureFidelity();
console.log(renderReport(report));
for (const file of report.notServed) console.log(`not served: ${file}`);
for (const difference of report.unexplained.slice(0, 40)) console.log(`unexplained: ${difference}`);
if (process.argv.includes("--write")) {
  const file = join(import.meta.dirname, "../docs/emulator.md");
  const section = /(?<=<!-- fidelity -->\n)[\s\S]*?(?=\n<!-- \/fidelity -->)/;
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(section, () => renderReport(report)),
  );
}
if (report.unexplained.length > 0) process.exit(1);
