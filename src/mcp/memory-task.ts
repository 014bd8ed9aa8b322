import { z } from "zod";
import type { Lockstep, TaskInput, Tasks } from "../app/lockstep.ts";
import { LockstepError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Task, TaskVersion } from "../store/store.ts";
import { untrusted, untrustedSchema } from "./untrusted.ts";

const pageMax = 50;
/** Keys of a task's metadata that hold what Notion said; an agent may neither write them nor needs them whole. */
const notionKeys = ["notion", "notionProperties"];

const text = z.string().max(100_000);

export const memoryTaskInput = z.strictObject({
  action: z.enum(["add", "update", "get", "list", "history"]),
  taskId: z
    .string()
    .min(1)
    .optional()
    .describe("update, get, history: a task id, a Notion page id or link, or the beginning of one id."),
  projectScopeId: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("add: where the task belongs. list: only this scope."),
  title: text.min(1).optional().describe("add (required), update."),
  description: text.nullable().optional().describe("add, update; null empties it."),
  status: z
    .string()
    .max(200)
    .nullable()
    .optional()
    .describe("add, update; null empties it. list: only this status."),
  resolution: text.nullable().optional().describe("add, update; null empties it."),
  metadata: z
    .record(z.string(), z.json())
    .optional()
    .describe("add, update: your own keys, merged over those that are there."),
  baseVersionNum: z
    .int()
    .min(1)
    .optional()
    .describe(
      "update: the versionNum you had read. If the task has moved on, your change is kept and flagged.",
    ),
  reason: z.string().max(500).optional().describe("add, update: why, for the history."),
  search: z.string().max(200).optional().describe("list: words to look for in title and description."),
  withDeleted: z.boolean().optional().describe("list: include deleted tasks."),
  after: z.string().optional().describe("list: `next` of the page before."),
  fromVersion: z.int().min(1).optional().describe("history: first version to show. Default 1."),
  at: z
    .string()
    .max(40)
    .optional()
    .describe("history: only the version that was current at this time (ISO 8601)."),
  limit: z
    .int()
    .min(1)
    .max(pageMax)
    .optional()
    .describe(`list, history: at most so many. Default 20, at most ${pageMax}.`),
});

type Input = z.output<typeof memoryTaskInput>;

const versionContent = {
  title: z.unknown(),
  description: z.unknown(),
  status: z.unknown(),
  resolution: z.unknown(),
  metadata: z.unknown(),
  changeReason: z.unknown(),
};

const versionSchema = z.object({
  versionNum: z.number(),
  createdAt: z.string(),
  createdBy: z.string(),
  isConflict: z.boolean(),
  isDeleted: z.boolean(),
  content: untrustedSchema(versionContent),
});

const taskSchema = z.object({
  id: z.string(),
  projectScopeId: z.string(),
  createdAt: z.string(),
  notionPage: z.object({ id: z.string(), state: z.string(), missingSince: z.string().nullable() }).nullable(),
  current: versionSchema,
});

export const memoryTaskOutput = z.object({
  ok: z.literal(true),
  task: taskSchema.optional(),
  tasks: z.array(taskSchema).optional(),
  versions: z.array(versionSchema).optional(),
  next: z
    .union([z.string(), z.number()])
    .nullable()
    .optional()
    .describe("Where the next page starts; null: this is the last."),
});

type Output = z.input<typeof memoryTaskOutput>;

/** Carries out one call. `by` is who asks, for the history. */
export async function carryOutMemoryTask(
  tasks: Tasks,
  lockstep: Pick<Lockstep, "history" | "historyAt">,
  { input, by }: { readonly input: Input; readonly by: string },
): Promise<Output> {
  const reason = input.reason ?? "";
  switch (input.action) {
    case "add": {
      const [title, projectScopeId] = [required(input, "title"), required(input, "projectScopeId")];
      const task = { ...changesOf(input), title };
      return { ok: true, task: taskView(await tasks.add({ projectScopeId, task, by, reason })) };
    }
    case "update": {
      const taskId = required(input, "taskId");
      const baseVersionNum = input.baseVersionNum ?? null;
      const { taskId: id } = await tasks.update({
        taskId,
        changes: changesOf(input),
        baseVersionNum,
        by,
        reason,
      });
      return { ok: true, task: taskView(await tasks.get(id)) };
    }
    case "get":
      return { ok: true, task: taskView(await tasks.get(required(input, "taskId"))) };
    case "list":
      return listTasks(tasks, input);
    case "history":
      return readHistory(lockstep, input);
    default:
      return input.action satisfies never;
  }
}

async function listTasks(tasks: Tasks, input: Input): Promise<Output> {
  const { projectScopeId, status, withDeleted, search } = input;
  const filter = { projectScopeId, status: status ?? undefined, withDeleted, text: search };
  const page = await tasks.list(filter, { after: input.after ?? null, limit: input.limit ?? 20 });
  return { ok: true, tasks: page.items.map(taskView), next: page.next };
}

async function readHistory(lockstep: Pick<Lockstep, "history" | "historyAt">, input: Input): Promise<Output> {
  const taskId = required(input, "taskId");
  const page = { fromVersion: input.fromVersion ?? 1, limit: input.limit ?? 20 };
  const isAt = input.at !== undefined;
  const { task, versions } = await (isAt
    ? lockstep.historyAt(taskId, input.at ?? "")
    : lockstep.history(taskId, page));
  const last = versions.at(-1)?.versionNum ?? task.current.versionNum;
  const next = !isAt && last < task.current.versionNum ? last + 1 : null;
  return {
    ok: true,
    task: taskView(task),
    versions: versions.map((version) => versionView(version, task)),
    next,
  };
}

function required(input: Input, key: "title" | "projectScopeId" | "taskId"): string {
  const value = input[key];
  if (value !== undefined) return value;
  throw new LockstepError("USAGE", `memory_task ${input.action} needs "${key}", which is missing.`);
}

function changesOf({ title, description, status, resolution, metadata }: Input): TaskInput {
  const taken = Object.keys(metadata ?? {}).find((key) => notionKeys.includes(key));
  if (taken !== undefined) {
    throw new LockstepError(
      "USAGE",
      `metadata.${taken} is where Notion's own values are kept; choose another key.`,
    );
  }
  return { title, description, status, resolution, metadata };
}

function taskView(task: Task): z.input<typeof taskSchema> {
  const { id, projectScopeId, createdAt, source, current } = task;
  const notionPage =
    source === null ? null : { id: source.recordId, state: source.state, missingSince: source.missingSince };
  return { id, projectScopeId, createdAt, notionPage, current: versionView(current, task) };
}

function versionView(version: TaskVersion, { source }: Task): z.input<typeof versionSchema> {
  const { versionNum, createdAt, createdBy, title, description, status, resolution, changeReason } = version;
  const metadata = ownMetadata(version.metadata);
  const content = { title, description, status, resolution, metadata, changeReason };
  return {
    versionNum,
    createdAt,
    createdBy,
    isConflict: version.conflictFlag,
    isDeleted: version.isDeleted,
    content: untrusted(source === null ? "memory" : "notion", content),
  };
}

/** Mapped and own keys whole; of Notion's raw page only where it is. */
function ownMetadata(metadata: { readonly [key: string]: Json }): Json {
  const own = Object.fromEntries(Object.entries(metadata).filter(([key]) => !notionKeys.includes(key)));
  const url = isJsonObject(metadata.notion) ? metadata.notion.url : undefined;
  return url === undefined ? own : { ...own, notionUrl: url };
}
