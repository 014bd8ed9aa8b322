#!/usr/bin/env node
// Starts the command line on a Node that can run it: this one, or the one pinned beside the package.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

// A checkout runs its sources; an installed package has only what was compiled from them.
const source = new URL("../src/cli/main.ts", import.meta.url);
const entry = fileURLToPath(existsSync(source) ? source : new URL("../dist/cli/main.js", import.meta.url));

/** The pinned Node of a checkout (an optional dependency on Linux), or null. */
function pinnedNode() {
  try {
    return module.createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    return null;
  }
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 24 || (major === 24 && minor >= 16)) {
  process.argv[1] = entry;
  // Halves the start of a short command.
  module.enableCompileCache?.();
  await import(entry);
} else {
  const node = pinnedNode();
  if (node === null) {
    console.error(`lockstep needs Node 24.16 or later; this is ${process.versions.node}. Install a newer Node and run it again.`);
    process.exit(2);
  }
  const child = spawn(node, [entry, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
