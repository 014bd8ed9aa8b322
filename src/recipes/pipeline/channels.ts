import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import { LockstepError } from "../../core/errors.ts";

/** One channel that videos are made for, as its file describes it. */
export interface Channel {
  /** Kept in the table; never change it. */
  readonly id: string;
  /** The option people choose on the board. */
  readonly name: string;
  /** False: entries with it are refused, those under way go on. */
  readonly isEnabled: boolean;
  /** The file it comes from, for messages. */
  readonly file: string;
}

export interface ChannelFile {
  readonly name: string;
  readonly text: string;
}

/** Where something is wrong, as editors and people find it. */
export interface ChannelProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** The channels as they are now, kept up to date while `watch` tells of changes. */
export interface Channels extends Disposable {
  current(): readonly Channel[];
  /** Reads the files again. What is wrong with them is told, and the last good channels stay. */
  reload(): Promise<void>;
}

/** Calls `onChange` after changes in the folder, until disposed of. */
export type WatchFolder = (onChange: () => void) => Disposable;

/** Throws CONFIG_INVALID with every problem of every file; later, `onProblem` gets the same error. */
export async function openChannels(options: {
  readonly read: () => Promise<readonly ChannelFile[]>;
  readonly watch: WatchFolder;
  readonly onProblem: (error: LockstepError) => void;
  /** After every later reading that went well. */
  readonly onGood?: () => void;
}): Promise<Channels> {
  const { read, watch, onProblem, onGood = () => {} } = options;
  let channels = demandChannels(await read());
  // One reading at a time; what changes meanwhile asks for one more.
  let reading: Promise<void> = Promise.resolve();
  const reload = () => {
    reading = reading.then(async () => {
      try {
        channels = demandChannels(await read());
        onGood();
      } catch (error) {
        onProblem(asProblem(error));
      }
    });
    return reading;
  };
  const watching = watch(() => void reload());
  return { current: () => channels, reload, [Symbol.dispose]: () => watching[Symbol.dispose]() };
}

function asProblem(error: unknown): LockstepError {
  if (error instanceof LockstepError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new LockstepError(
    "CONFIG_INVALID",
    `The channel files cannot be read: ${reason}. The last ones stay in use.`,
    {
      cause: error,
    },
  );
}

/** The *.yaml and *.yml files of a folder, by name. */
export async function readChannelFolder(folder: string): Promise<readonly ChannelFile[]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8") })));
}

export function demandChannels(files: readonly ChannelFile[]): readonly Channel[] {
  const { channels, problems } = parseChannels(files);
  if (problems.length === 0) return channels;
  const lines = problems.map(({ file, line, message }) => `  ${file}:${line}: ${message}`);
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  throw new LockstepError("CONFIG_INVALID", [`The channel files have ${count}:`, ...lines].join("\n"), {
    details: { problems: problems.map((problem) => ({ ...problem })) },
  });
}

/** Channels in the order of their files. Keys that are not known here belong to the team and are left alone. */
export function parseChannels(files: readonly ChannelFile[]): {
  readonly channels: readonly Channel[];
  readonly problems: readonly ChannelProblem[];
} {
  const parsed = files.map(parseFile);
  const found = parsed.flatMap(({ channel }) => (channel === null ? [] : [channel]));
  const problems = [
    ...parsed.flatMap((each) => each.problems),
    ...repeated(found, ({ channel }) => channel.id, "id"),
    ...repeated(found, ({ channel }) => channel.name.toLowerCase(), "name"),
  ];
  return { channels: found.map(({ channel }) => channel), problems };
}

interface Found {
  readonly channel: Channel;
  readonly lines: { readonly id: number; readonly name: number };
}

interface Parsed {
  readonly channel: Found | null;
  readonly problems: readonly ChannelProblem[];
}

function parseFile({ name: file, text }: ChannelFile): Parsed {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number | undefined) =>
    offset === undefined ? 1 : Math.max(1, counter.linePos(offset).line);
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos }) => ({ file, line: lineAt(pos[0]), message }));
    return { channel: null, problems };
  }
  const { contents } = document;
  if (!isMap(contents)) {
    return {
      channel: null,
      problems: [{ file, line: 1, message: "expected keys and values, at least id and name" }],
    };
  }
  const problems: ChannelProblem[] = [];
  const at = (key: string) => {
    const node = contents.get(key, true);
    return {
      line: lineAt((isNode(node) ? node : contents).range?.[0]),
      value: isScalar(node) ? node.value : node,
    };
  };
  const check = <T>(key: string, accept: (value: unknown) => T | null, expected: string): T | null => {
    const { line, value } = at(key);
    const accepted = accept(value);
    if (accepted === null)
      problems.push({ file, line, message: `${key}: expected ${expected}, got ${shown(value)}` });
    return accepted;
  };
  const id = check("id", idIn, "a short name of a-z, 0-9, - and _");
  const name = check("name", nameIn, "a text of at most 100 characters without a comma");
  const isEnabled = check("enabled", enabledIn, "true or false");
  if (id === null || name === null || isEnabled === null) return { channel: null, problems };
  const lines = { id: at("id").line, name: at("name").line };
  return { channel: { channel: { id, name, isEnabled, file }, lines }, problems };
}

function idIn(value: unknown): string | null {
  return typeof value === "string" && /^[a-z0-9][a-z0-9_-]{0,63}$/.test(value) ? value : null;
}

/** The name of an option, as Notion takes it. */
function nameIn(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const name = value.trim();
  return name === "" || name.length > 100 || name.includes(",") ? null : name;
}

function enabledIn(value: unknown): boolean | null {
  if (value === undefined) return true;
  return typeof value === "boolean" ? value : null;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  return typeof value === "object" ? "a list or an object" : JSON.stringify(value);
}

function repeated(
  found: readonly Found[],
  keyOf: (found: Found) => string,
  what: "id" | "name",
): readonly ChannelProblem[] {
  const keys = found.map(keyOf);
  return found.flatMap(({ channel, lines }, index) => {
    const first = found[keys.indexOf(keyOf({ channel, lines }))];
    if (first === undefined || first === found[index]) return [];
    const message = `${what}: "${channel[what]}" is already used by ${first.channel.file}; each channel needs its own`;
    return [{ file: channel.file, line: lines[what], message }];
  });
}
