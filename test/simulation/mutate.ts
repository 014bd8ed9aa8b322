import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutants.ts";

/**
 * From now on, modules of the product are loaded with one rule broken. Loading fails when the text to be replaced is not
 * there exactly once: a mutant that changes nothing would prove nothing.
 */
export function plant(mutant: Mutant): void {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith("file:") || fileURLToPath(url) !== `${root}${mutant.file}`) return loaded;
      return { ...loaded, source: mutated(String(loaded.source), mutant) };
    },
  });
}

export function mutated(source: string, { name, file, search, replace }: Mutant): string {
  const parts = source.split(search);
  if (parts.length !== 2)
    throw new Error(
      `mutant ${name}: "${search}" is ${parts.length - 1} times in ${file}, and has to be there once`,
    );
  return parts.join(replace);
}
