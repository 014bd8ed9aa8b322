import { ApiError } from "../http/errors.ts";
import type { JsonObject } from "../json.ts";
import { expireUpload } from "../operations/file-uploads.ts";
import { takeDue } from "../operations/pending.ts";
import { applyTemplate } from "../operations/templates.ts";
import type { AsyncTask, Pending } from "../state/resources.ts";
import { actorOf, type Call } from "./call.ts";
import { patchMarkdown } from "./markdown.ts";
import { postPage } from "./pages.ts";
import { Reply } from "./reply.ts";
import { parseVersion } from "./versions.ts";

type Surroundings = Pick<Call, "state" | "sessions" | "queryCap" | "cursorStyle">;

/** Does what earlier requests started and left to be done later, as far as its time has come. */
export function runDue(surroundings: Surroundings): void {
  for (let pending = takeDue(surroundings.state); pending !== undefined; ) {
    if (pending.kind === "task") runTask(surroundings, pending);
    else if (pending.kind === "template") runTemplate(surroundings, pending);
    else expireUpload(surroundings.state, pending.uploadId);
    pending = takeDue(surroundings.state);
  }
}

const handlers: { readonly [operation in AsyncTask["operation"]]: (call: Call) => JsonObject | Reply } = {
  "POST /v1/pages": postPage,
  "PATCH /v1/pages/:page_id/markdown": patchMarkdown,
};

function runTask(surroundings: Surroundings, pending: Extract<Pending, { kind: "task" }>): void {
  const task = surroundings.state.asyncTasks.get(pending.taskId);
  if (task === undefined) return;
  try {
    const call = callOf(surroundings, pending);
    const answer = handlers[task.operation](call);
    task.outcome = { isDone: true, body: answer instanceof Reply ? answer.body : answer };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, code, message } = error;
    task.outcome = { isDone: false, body: { object: "error", status, code, message } };
  }
}

function callOf(surroundings: Surroundings, pending: Extract<Pending, { kind: "task" }>): Call {
  const connection = surroundings.state.connections.get(pending.token);
  if (connection === undefined) throw new ApiError(401, "unauthorized", "API token is invalid.");
  return {
    ...surroundings,
    connection,
    version: parseVersion(pending.version),
    params: pending.params,
    query: new URLSearchParams(pending.query),
    body: pending.body,
    form: null,
  };
}

function runTemplate({ state }: Surroundings, pending: Extract<Pending, { kind: "template" }>): void {
  const page = state.pages.get(pending.pageId);
  const template = state.pages.get(pending.templateId);
  const connection = state.connections.get(pending.token);
  if (page === undefined || template === undefined || connection === undefined) return;
  const actor = actorOf({ state, connection });
  applyTemplate(state, page, { template, actor, timeZone: pending.timeZone, written: pending.written });
}
