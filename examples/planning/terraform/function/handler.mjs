import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const conflictsLeftOpen = 4;

/** Runs `lockstep sync --once` and answers with its report. Secrets come from the function's environment. */
export async function handler(event = {}) {
  const program =
    process.env.LOCKSTEP_PROGRAM ??
    fileURLToPath(new URL("node_modules/lockstep/bin/lockstep.js", import.meta.url));
  const options = event.full === true ? ["--full"] : [];
  const { code, stdout, stderr } = await run(program, ["sync", "--once", "--json", ...options]);
  if (code !== 0 && code !== conflictsLeftOpen)
    throw new Error(`lockstep ended with ${code}: ${stderr.slice(-2_000)}`);
  return JSON.parse(stdout);
}

function run(program, args) {
  return new Promise((resolve, reject) => {
    const cwd = process.env.LOCKSTEP_FOLDER ?? fileURLToPath(new URL(".", import.meta.url));
    const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
