import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import { canonicalJson, isJsonObject, type Json } from "../core/json.ts";
import type { Store, Task, TaskVersion, VersionDraft } from "../store/store.ts";
import type { DiffReport, HistoryReport, TaskInput, Tasks } from "./lockstep.ts";

/** What agents and people do with tasks: every change is a new version, nothing is overwritten. */
export function createTasks(store: Store, clock: Clock): Tasks {
  const timestamp = () => new Date(clock.now()).toISOString();
  return {
    async add({ projectScopeId, task, by, reason }) {
      checkMetadata(task);
      const version = draft(null, task, { by, reason });
      return store.createTask({ projectScopeId, version, at: timestamp() });
    },
    async update({ taskId, changes, baseVersionNum, by, reason }) {
      checkMetadata(changes);
      const task = await findTaskById(store, taskId);
      if (baseVersionNum !== null && baseVersionNum > task.current.versionNum) {
        throw new LockstepError(
          "USAGE",
          `task ${task.id} has ${task.current.versionNum} versions, so a change cannot be based on version ${baseVersionNum}; ` +
            "read the task again and give its versionNum",
        );
      }
      // Drafted on the newest version when it is written, so that others' edits to other fields stay.
      const version = (newest: TaskVersion) => draft(newest, changes, { by, reason });
      const base = baseVersionNum ?? task.current.versionNum;
      return store.appendVersion({ taskId: task.id, baseVersionNum: base, version, at: timestamp() });
    },
    get: (reference) => findTask(store, reference),
    list: (filter, page) => store.listTasks(filter, page),
  };
}

/** One task by its id, its Notion page id or link, a prefix of either, or words that only its text holds. */
export async function findTask(store: Store, reference: string): Promise<Task> {
  const wanted = wantedBy(reference);
  const byId = wanted === "" ? [] : await store.findTasks(wanted, candidatesMax);
  // Ids come first: a task must not be taken for another one because a text mentions its id.
  if (byId.length > 0 || wanted === "") return theOne(byId, reference);
  const page = { after: null, limit: candidatesMax };
  return theOne((await store.listTasks({ text: wanted, withDeleted: true }, page)).items, reference);
}

/** For writing: by an id or its beginning only, so that a slip of words changes nothing. */
async function findTaskById(store: Store, reference: string): Promise<Task> {
  const wanted = wantedBy(reference);
  return theOne(wanted === "" ? [] : await store.findTasks(wanted, candidatesMax), reference);
}

/** What to look for: the page id in a pasted link, or the reference as it is. */
export function wantedBy(reference: string): string {
  return pageIdIn(reference.trim()) ?? reference.trim();
}

function theOne(found: readonly Task[], reference: string): Task {
  const [task] = found;
  if (task === undefined) {
    throw new LockstepError(
      "RECORD_NOT_FOUND",
      `no task matches "${shorten(reference)}"; give a task id, a Notion page id or link, the beginning of an id, or words of its title`,
    );
  }
  if (found.length > 1) {
    const choices = found.map((each) => `${each.id} (${shorten(each.current.title)})`).join(", ");
    throw new LockstepError(
      "RECORD_NOT_FOUND",
      `"${shorten(reference)}" fits several tasks: ${choices}; give more of the id or of the title`,
    );
  }
  return task;
}

/** Choices that a refusal names when a reference fits several tasks. */
const candidatesMax = 5;

export async function historyOf(
  store: Store,
  reference: string,
  page: { fromVersion: number; limit: number },
): Promise<HistoryReport> {
  const task = await findTask(store, reference);
  return { task, versions: await store.getHistory(task.id, page) };
}

/** The version that was current at a time. */
export async function historyAt(store: Store, reference: string, at: string): Promise<HistoryReport> {
  const time = /^\d{4}-\d{2}-\d{2}/.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new LockstepError(
      "USAGE",
      `"${shorten(at)}" is not a time; expected ISO 8601, like 2026-11-21T08:00:00Z`,
    );
  }
  const task = await findTask(store, reference);
  const version = await store.getVersionAt(task.id, new Date(time).toISOString());
  return { task, versions: version === null ? [] : [version] };
}

/** What changed between two versions, field by field; the last two unless told otherwise. */
export async function diffOf(
  store: Store,
  reference: string,
  from: number | null,
  to: number | null,
): Promise<DiffReport> {
  const task = await findTask(store, reference);
  const toNum = to ?? task.current.versionNum;
  const fromNum = from ?? Math.max(1, toNum - 1);
  const [before, after] = [await versionOf(store, task, fromNum), await versionOf(store, task, toNum)];
  return { task, from: fromNum, to: toNum, changes: changesBetween(before, after) };
}

async function versionOf(store: Store, task: Task, versionNum: number): Promise<TaskVersion> {
  const version = await store.getVersion(task.id, versionNum);
  if (version !== null) return version;
  throw new LockstepError(
    "RECORD_NOT_FOUND",
    `task ${task.id} has versions 1 to ${task.current.versionNum}, not ${versionNum}`,
  );
}

function changesBetween(before: TaskVersion, after: TaskVersion): DiffReport["changes"] {
  const [a, b] = [flatten(before), flatten(after)];
  const fields = [...new Set([...a.keys(), ...b.keys()])];
  return fields
    .map((field) => ({ field, from: a.get(field) ?? null, to: b.get(field) ?? null }))
    .filter(({ from, to }) => canonicalJson(from) !== canonicalJson(to))
    .map(({ field, from, to }) => ({ field, ...readable(from, to) }));
}

/** Follow from every edit, or from another change; they would be in every diff. */
const echoes = new Set(["last_edited_time", "last_edited_by", "url"]);

/** A version as one list of named values: columns, own metadata, page attributes, and Notion properties by name. */
function flatten(version: TaskVersion): Map<string, Json> {
  const flat = new Map<string, Json>([
    ["title", version.title],
    ["description", version.description],
    ["status", version.status],
    ["resolution", version.resolution],
    ["deleted", version.isDeleted],
  ]);
  const { notion, notionProperties, ...own } = version.metadata;
  for (const [key, value] of Object.entries(own)) flat.set(key, value);
  for (const [key, value] of entriesOf(notion)) if (!echoes.has(key)) flat.set(`page: ${key}`, value);
  for (const [name, value] of entriesOf(notionProperties)) {
    if (!isJsonObject(value) || !echoes.has(String(value.type))) flat.set(`notion: ${name}`, value);
  }
  return flat;
}

function entriesOf(value: Json | undefined): [string, Json][] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

/** Both values as a person reads them, or in full when they read alike (only formatting, a colour, an id changed). */
function readable(from: Json, to: Json): { from: Json; to: Json } {
  const [a, b] = [readableValue(from), readableValue(to)];
  return canonicalJson(a) === canonicalJson(b) ? { from, to } : { from: a, to: b };
}

/** A Notion property as its text, its option's name, its list of names; anything else as it is. */
function readableValue(value: Json): Json {
  if (!isJsonObject(value) || typeof value.type !== "string") return value;
  const inner = value[value.type];
  if (Array.isArray(inner)) {
    const texts = inner.map((item: Json) => (isJsonObject(item) ? item.plain_text : undefined));
    if (texts.every((text) => typeof text === "string")) return texts.join("");
    return inner.map((item: Json) => (isJsonObject(item) ? (item.name ?? item.id ?? item) : item));
  }
  if (!isJsonObject(inner)) return inner ?? null;
  if (typeof inner.name === "string") return inner.name;
  // Formulas and rollups wrap their result once more.
  return typeof inner.type === "string" ? (inner[inner.type] ?? null) : inner;
}

/** What mirrors Notion cannot be edited here: the next run would not know whose value it is. */
function checkMetadata({ metadata = {} }: TaskInput): void {
  const reserved = ["notion", "notionProperties"].filter((key) => key in metadata);
  if (reserved.length === 0) return;
  throw new LockstepError(
    "USAGE",
    `metadata.${reserved.join(" and metadata.")} hold what Notion says and cannot be written; use another key`,
  );
}

function draft(
  current: TaskVersion | null,
  changes: TaskInput,
  author: { by: string; reason: string },
): VersionDraft {
  return {
    title: changes.title ?? current?.title ?? "",
    description: changes.description === undefined ? (current?.description ?? null) : changes.description,
    status: changes.status === undefined ? (current?.status ?? null) : changes.status,
    resolution: changes.resolution === undefined ? (current?.resolution ?? null) : changes.resolution,
    metadataJson: JSON.stringify({ ...current?.metadata, ...changes.metadata }),
    createdBy: author.by,
    changeReason: author.reason,
    conflictFlag: false,
    isDeleted: current?.isDeleted ?? false,
  };
}

/** The page id in a pasted Notion link: the last run of 32 hex digits of its path. */
function pageIdIn(text: string): string | null {
  if (!/^https?:\/\//.test(text)) return null;
  return text.split(/[?#]/)[0]?.match(/[0-9a-f]{32}(?=[^0-9a-f]*$)/i)?.[0] ?? null;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
