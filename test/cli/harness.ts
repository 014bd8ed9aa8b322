import type { CliDeps } from "../../src/cli/deps.ts";
import type { CliIo } from "../../src/cli/io.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { folderWith } from "../config/folder.ts";
import { configText, type Fake } from "./fake-lockstep.ts";

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly files?: { readonly [name: string]: string };
  readonly env?: CliIo["env"];
  readonly isInteractive?: boolean;
  /** What a person answers, one after the other; absent: nobody is there. */
  readonly answers?: readonly string[];
  /** The same for questions whose answer is not shown. */
  readonly secrets?: readonly string[];
  readonly signal?: AbortSignal;
  readonly deps?: Partial<CliDeps>;
  readonly onStdout?: (text: string) => void;
}

/** Runs one command line in a fresh folder with a configuration, against a fake Lockstep. */
export async function run(fake: Fake, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  await using folder = await folderWith(options.files ?? { "lockstep.config.json": configText });
  const [stdout, stderr] = [[] as string[], [] as string[]];
  const answers = options.answers?.values();
  const secrets = options.secrets?.values();
  const io: CliIo = {
    stdout: {
      write: (text) => {
        stdout.push(text);
        options.onStdout?.(text);
      },
    },
    stderr: { write: (text) => stderr.push(text) },
    env: options.env ?? {},
    cwd: folder.path,
    isInteractive: options.isInteractive ?? false,
    signal: options.signal ?? new AbortController().signal,
    ...(answers === undefined ? {} : { ask: async () => answers.next().value ?? "" }),
    ...(secrets === undefined ? {} : { askSecret: async () => secrets.next().value ?? "" }),
  };
  const deps: CliDeps = {
    openLockstep: async () => fake.lockstep,
    openSetup: () => Promise.reject(new Error("nothing is set up in this test")),
    setUpLibrary: () => Promise.reject(new Error("nothing is set up in this test")),
    setUpPipeline: () => Promise.reject(new Error("nothing is set up in this test")),
    runDemo: () => Promise.reject(new Error("no demo in this test")),
    runPipelineDemo: () => Promise.reject(new Error("no demo in this test")),
    runLibraryDemo: () => Promise.reject(new Error("no demo in this test")),
    setUpPlanning: () => Promise.reject(new Error("nothing is set up in this test")),
    runPlanningDemo: () => Promise.reject(new Error("no demo in this test")),
    startEmulator: () => Promise.reject(new Error("no emulator in this test")),
    openAudible: () => Promise.reject(new Error("no Audible in this test")),
    migrateStore: () => Promise.reject(new Error("no store in this test")),
    copyStore: () => Promise.reject(new Error("no store in this test")),
    now: () => 0,
    ...options.deps,
  };
  const exitCode = await runCli(argv, io, deps);
  return { exitCode, stdout: stdout.join(""), stderr: stderr.join("") };
}
