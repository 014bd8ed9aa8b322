import { notFound } from "../http/errors.ts";
import type { JsonObject } from "../json.ts";
import { addPending } from "../operations/pending.ts";
import type { AsyncTask } from "../state/resources.ts";
import type { Call } from "./call.ts";
import { Reply } from "./reply.ts";

const pollAfterSeconds = 2;

/** GET /async_tasks/{id}: only the connection that started it sees a task. */
export function retrieveAsyncTask(call: Call): JsonObject {
  const id = call.params.task_id ?? "";
  const task = call.state.asyncTasks.get(id);
  if (task === undefined || task.token !== call.connection.token)
    throw notFound("async_task", id, call.connection);
  return renderTask(task);
}

/** Puts a request off that was sent with `allow_async`, and answers 202. `operation` is Notion's name for it. */
export function startTask(call: Call, operation: AsyncTask["operation"]): Reply {
  const { state, connection, version, params, query } = call;
  const id = `task_${state.random.uuid().replaceAll("-", "")}`;
  const task: AsyncTask = {
    id,
    createdAt: state.now(),
    operation,
    token: connection.token,
    outcome: null,
  };
  state.asyncTasks.set(id, task);
  const { allow_async: _, ...body } = call.body;
  addPending(state, {
    kind: "task",
    dueAt: state.now() + state.asyncDelayMs,
    token: connection.token,
    version,
    taskId: id,
    params,
    query: query.toString(),
    body,
  });
  return new Reply(202, renderTask(task));
}

function renderTask({ id, createdAt, operation, outcome }: AsyncTask): JsonObject {
  const status = outcome === null ? "queued" : outcome.isDone ? "succeeded" : "failed";
  return {
    object: "async_task",
    id,
    status,
    status_url: `https://api.notion.com/v1/async_tasks/${id}`,
    created_time: new Date(createdAt).toISOString(),
    ...(outcome === null ? { poll_after_seconds: pollAfterSeconds } : {}),
    operation: { surface: "rest", name: operation },
    ...(outcome === null ? {} : { [outcome.isDone ? "result" : "error"]: outcome.body }),
  };
}
