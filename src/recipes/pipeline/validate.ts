import type { Channel } from "./channels.ts";
import { isStatus } from "./statuses.ts";

/** The limits of the table's columns, in characters as people count them (code points). */
export const TITLE_LENGTH_MAX = 255;
export const TOPIC_LENGTH_MAX = 1000;

export const priorities = ["low", "normal", "high"] as const;
export type Priority = (typeof priorities)[number];

/** Names on the board. */
export const priorityNames: Readonly<Record<Priority, string>> = {
  low: "Low",
  normal: "Normal",
  high: "High",
};

/** An entry as it stands on the board. Empty: null or "". */
export interface Entry {
  readonly title: string | null;
  readonly topic: string | null;
  /** The option's name. */
  readonly channel: string | null;
  readonly priority: string | null;
  readonly status: string | null;
}

export type EntryField = "Title" | "Topic" | "Channel" | "Status";

export interface EntryProblem {
  readonly field: EntryField;
  /** For the person who wrote the entry. */
  readonly problem: string;
}

export interface Validation {
  /** None: the entry may be queued. */
  readonly problems: readonly EntryProblem[];
  /** Never a problem: what is empty or unknown is Normal. */
  readonly priority: Priority;
  /** null: none that is configured. */
  readonly channelId: string | null;
}

export function validateEntry(entry: Entry, channels: readonly Channel[]): Validation {
  const channel = channelProblem(entry.channel, channels);
  const problems = [
    textProblem("Title", entry.title, TITLE_LENGTH_MAX),
    textProblem("Topic", entry.topic, TOPIC_LENGTH_MAX),
    channel.problem,
    statusProblem(entry.status),
  ];
  return {
    problems: problems.filter((problem) => problem !== null),
    priority: priorityOf(entry.priority),
    channelId: channel.id,
  };
}

export function priorityOf(name: string | null): Priority {
  const wanted = (name ?? "").trim().toLowerCase();
  return isPriority(wanted) ? wanted : "normal";
}

export function isPriority(text: string): text is Priority {
  return priorities.some((priority) => priority === text);
}

function textProblem(field: "Title" | "Topic", text: string | null, lengthMax: number): EntryProblem | null {
  const length = [...(text ?? "").trim()].length;
  if (length === 0) return { field, problem: `${field} is empty. Fill it in.` };
  if (length <= lengthMax) return null;
  return { field, problem: `${field} has ${length} characters, and ${lengthMax} are the most. Shorten it.` };
}

function channelProblem(
  name: string | null,
  channels: readonly Channel[],
): { readonly id: string | null; readonly problem: EntryProblem | null } {
  const wanted = (name ?? "").trim();
  const channel = channels.find((each) => each.name.toLowerCase() === wanted.toLowerCase());
  if (channel?.isEnabled === true) return { id: channel.id, problem: null };
  const enabled = channels.filter(({ isEnabled }) => isEnabled).map((each) => `"${each.name}"`);
  const choice = enabled.length === 0 ? "No channel is configured." : `Choose one of ${enabled.join(", ")}.`;
  const what =
    wanted === ""
      ? "Channel is empty."
      : channel === undefined
        ? `Channel "${wanted}" is not configured.`
        : `Channel "${wanted}" is switched off.`;
  return { id: null, problem: { field: "Channel", problem: `${what} ${choice}` } };
}

function statusProblem(status: string | null): EntryProblem | null {
  if (status !== null && isStatus(status)) return null;
  const what =
    status === null || status === ""
      ? "Status is empty."
      : `Status "${status}" is not one the pipeline knows.`;
  return { field: "Status", problem: `${what} Set it to Draft.` };
}

/** Which entry was refused, and when. */
export interface Refusal {
  readonly pageId: string;
  readonly entry: Pick<Entry, "title" | "channel">;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One line of the log for each problem: plain JSON, with names that dashboards search for. */
export interface RefusalLogEntry {
  readonly event: "pipeline.entry_refused";
  readonly page_id: string;
  readonly title: string | null;
  readonly channel: string | null;
  readonly field: EntryField;
  readonly problem: string;
  readonly time: string;
  readonly entry_remains_in_draft: true;
}

export function refusalLog(problems: readonly EntryProblem[], refusal: Refusal): readonly RefusalLogEntry[] {
  const { pageId, entry, at } = refusal;
  return problems.map(({ field, problem }) => ({
    event: "pipeline.entry_refused",
    page_id: pageId,
    title: entry.title,
    channel: entry.channel,
    field,
    problem,
    time: new Date(at).toISOString(),
    entry_remains_in_draft: true,
  }));
}

/** The comment on the page. Equal reasons give equal text, so that it doubles as the key of "said already". */
export function refusalComment(problems: readonly EntryProblem[]): string {
  const lines = problems.map(({ problem }) => `• ${problem}`);
  return ["This entry stays in Draft and is not queued:", ...lines].join("\n");
}

/** The same for values that a task under way goes on without. */
export function waitingComment(
  waiting: readonly { readonly field: string; readonly message: string }[],
): string {
  const lines = waiting.map(({ field, message }) => `• ${field}: ${message}`);
  return ["The task goes on with what it had before:", ...lines].join("\n");
}
