import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../..", import.meta.url));
export const entry = `${repository}src/cli/main.ts`;

/** Starting a command takes half as long when it need not be compiled again. */
const compileCache = `${repository}node_modules/.cache/lockstep`;

/** A command that takes longer hangs; it is killed, and its exit code is null. */
const commandMsMax = 45_000;

export interface Ended {
  /** null: ended by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started extends AsyncDisposable {
  readonly pid: number | undefined;
  readonly ended: Promise<Ended>;
  /** What stdout holds once it has a whole line; rejects when the command ends before. */
  firstLine(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

export interface Place {
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
  /** Default: the Node that runs the tests. */
  readonly node?: string;
  /** The script to start; default: the command line's entry. */
  readonly script?: string;
  /** How long it may take; default: 45 s. */
  readonly msMax?: number;
}

/** Starts `lockstep ARGS` as a process of its own that inherits nothing but PATH from this one. */
export function start(args: readonly string[], place: Place): Started {
  const child = spawn(place.node ?? process.execPath, [place.script ?? entry, ...args], {
    cwd: place.cwd,
    env: { PATH: process.env.PATH, HOME: place.cwd, NODE_COMPILE_CACHE: compileCache, ...place.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  const line = Promise.withResolvers<string>();
  // Whoever does not ask for the line does not care that it never came.
  line.promise.catch(() => {});
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (stdout.includes("\n")) line.resolve(stdout.slice(0, stdout.indexOf("\n")));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const tooLong = setTimeout(() => child.kill("SIGKILL"), place.msMax ?? commandMsMax);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => {
      clearTimeout(tooLong);
      line.reject(new Error(`lockstep ${args.join(" ")} ended without a line: ${stderr}`));
      resolve({ exitCode, stdout, stderr });
    });
  });
  return {
    pid: child.pid,
    ended,
    firstLine: () => line.promise,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs `lockstep ARGS` to its end. */
export function run(args: readonly string[], place: Place): Promise<Ended> {
  return start(args, place).ended;
}

/** Stdout as the one JSON document that `--json` promises. Throws when there is anything else. */
export function documentIn<T>({ stdout }: Ended): T {
  if (!/^[^\n]+\n$/.test(stdout)) throw new Error(`expected one line of JSON, got: ${stdout.slice(0, 500)}`);
  return JSON.parse(stdout) as T;
}
