/** Where text goes: a stream, or a list in a test. */
export interface Output {
  write(text: string): unknown;
}

/** The world of one command, passed in so that commands run inside tests. */
export interface CliIo {
  /** Results only: text for people, or one JSON document with `--json`. */
  readonly stdout: Output;
  /** Progress, logs and errors. */
  readonly stderr: Output;
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  /** Asks the person a question and gives the answer. Absent: nobody is there to answer. */
  readonly ask?: (question: string) => Promise<string>;
  /** The same, without showing what is typed. */
  readonly askSecret?: (question: string) => Promise<string>;
  /** A person is looking: lines may be rewritten and coloured. */
  readonly isInteractive: boolean;
  /** Aborted when the command should stop. */
  readonly signal: AbortSignal;
}

/** Colours for people who look and did not refuse them (https://no-color.org). */
export function hasColor(io: CliIo): boolean {
  return io.isInteractive && (io.env.NO_COLOR ?? "") === "";
}
