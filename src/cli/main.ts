#!/usr/bin/env node
// Nothing is imported up here: an older Node must reach this line to be told.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 16)) {
  process.stderr.write(
    `lockstep needs Node 24.16 or newer; this is ${process.versions.node}. Get it from https://nodejs.org.\n`,
  );
  process.exitCode = 2;
} else {
  await start();
}

async function start(): Promise<void> {
  const [{ runCli }, { LockstepError }] = await Promise.all([
    import("./run-cli.ts"),
    import("../core/errors.ts"),
  ]);
  const stopping = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    // The first asks politely, so that the run can leave its evidence; the second does not wait.
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort(new LockstepError("CANCELLED", `Stopped by ${name}.`));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // `lockstep runs | head`: whoever read has seen enough.
    if (error.code === "EPIPE") process.exit(0);
  });
  process.exitCode = await runCli(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    isInteractive:
      process.stdout.isTTY === true && process.stderr.isTTY === true && process.env.TERM !== "dumb",
    signal: stopping.signal,
    ...(process.stdin.isTTY === true
      ? {
          ask: (question: string) => ask(question, stopping.signal),
          askSecret: (question: string) => askSecret(question, stopping.signal),
        }
      : {}),
  });
  process.off("SIGINT", stop).off("SIGTERM", stop);
}

/** On stderr, so that stdout holds results only. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}

/** The question is written first, then nothing: what is typed is not echoed. */
async function askSecret(question: string, signal: AbortSignal): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([
    import("node:readline/promises"),
    import("node:stream"),
  ]);
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question("", { signal });
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}

export {};
