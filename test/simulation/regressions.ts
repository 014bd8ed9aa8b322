import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drawOptions, type Options } from "./options.ts";
import type { Case } from "./simulate.ts";

/** A case that once failed, kept as it is: a seed means something else as soon as anything draws one number more. */
export interface Regression {
  readonly name: string;
  /** What it broke. */
  readonly invariant: string;
  readonly message: string;
  readonly case: Case;
}

const folder = fileURLToPath(new URL("./regressions/", import.meta.url));

export function readRegressions(): readonly Regression[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => withNewOptions(JSON.parse(readFileSync(`${folder}${file}`, "utf8"))));
}

/** The file's path. */
export function writeRegression(regression: Regression): string {
  const path = `${folder}${regression.name}.json`;
  writeFileSync(path, `${JSON.stringify(regression, null, 1)}\n`);
  return path;
}

/** Options that came later have, in older cases, whatever their seed draws. */
function withNewOptions(stored: Regression): Regression {
  const drawn = drawOptions(stored.case.options.seed);
  const rates = {
    ...Object.fromEntries(Object.keys(drawn.rates).map((fault) => [fault, 0])),
    ...stored.case.options.rates,
  };
  const options: Options = { ...drawn, ...stored.case.options, rates: rates as Options["rates"] };
  return { ...stored, case: { ...stored.case, options } };
}
