// Compiles src/ into dist/ and puts the data files beside the code that reads them.
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
execFileSync("tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
cpSync("src/emulator/seeds", "dist/emulator/seeds", { recursive: true });
cpSync("src/emulator/page", "dist/emulator/page", { recursive: true });
