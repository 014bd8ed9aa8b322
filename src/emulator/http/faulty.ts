import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Reply } from "../api/reply.ts";
import { type JsonObject, objectOr, stringOr } from "../json.ts";
import { ApiError, invalidCursor } from "./errors.ts";
import { type Answer, send, sendTruncated } from "./exchange.ts";
import { type Committed, statusAnswer } from "./fault-answers.ts";
import type { FaultEffect } from "./faults.ts";
import type { Memory } from "./memory.ts";
import { type Handling, isRead, type Veil } from "./veil.ts";

/** What a fault does around a handler. */
export type Wrap = (handling: Handling) => JsonObject | Reply;

export interface Faulty {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Carries the request out. */
  readonly run: (wrap?: Wrap) => Promise<Answer>;
  readonly record: (status: number) => void;
  readonly headers: { readonly [name: string]: string };
  readonly requestId: string;
  readonly veil: Veil;
  readonly memory: Memory;
}

type EffectOf<K extends FaultEffect["kind"]> = Extract<FaultEffect, { kind: K }>;

/** Answers a request that a fault hits. */
export async function answerFaulty(fault: FaultEffect, faulty: Faulty): Promise<void> {
  const { run, record, response, headers } = faulty;
  switch (fault.kind) {
    case "status":
      return answerStatus(fault, faulty);
    case "drop":
    case "hang":
      return answerNothing(fault, faulty);
    case "delay":
      return answerWith(await run(), faulty, fault.ms);
    case "truncate": {
      const answer = await run();
      record(answer.status);
      return sendTruncated(response, answer);
    }
    case "invalid_json":
      await run();
      record(200);
      return send(response, { status: 200, headers, text: '{"object":"list","results":[' });
    case "empty_list": {
      const answer = await run();
      return answerWith(answer.status === 200 ? { ...answer, text: emptied(answer.text) } : answer, faulty);
    }
    case "late_write":
    case "stale_read":
    case "expired_cursor":
      return answerWith(await run(wrapOf(fault, faulty)), faulty);
    case "slow_query": {
      const answer = await run(slowQuery(fault));
      return answerWith(answer, faulty, answer.status === 503 ? fault.ms : 0);
    }
  }
}

async function answerWith(answer: Answer, { response, record }: Faulty, waitMs = 0): Promise<void> {
  record(answer.status);
  if (waitMs > 0) {
    // A client that gave up meanwhile does not keep the emulator busy.
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    await sleep(waitMs, undefined, { signal: gone.signal, ref: false }).catch(() => undefined);
  }
  if (!response.destroyed) send(response, answer);
}

async function answerNothing(fault: EffectOf<"drop" | "hang">, faulty: Faulty): Promise<void> {
  const { request, response, run, record } = faulty;
  if (fault.when === "after") await run();
  record(0);
  if (fault.kind === "drop") {
    request.socket.destroy();
    return;
  }
  request.resume();
  if (!response.destroyed) await new Promise((resolve) => response.once("close", resolve));
}

function wrapOf(
  fault: EffectOf<"late_write" | "stale_read" | "expired_cursor">,
  { veil, memory }: Faulty,
): Wrap {
  return (handling) => {
    const { call, route, handle } = handling;
    switch (fault.kind) {
      case "late_write":
        return isRead(route) ? handle() : veil.write(handling, { ms: fault.ms, reads: fault.reads ?? "all" });
      case "stale_read":
        return isRead(route) ? memory.recall(handling) : handle();
      case "expired_cursor": {
        const cursor = call.body.start_cursor ?? call.query.get("start_cursor");
        if (typeof cursor !== "string") return handle();
        call.sessions.expire(cursor);
        throw invalidCursor();
      }
    }
  };
}

const pageSizeDefault = 100;

/** Requests over Notion's time limit: https://developers.notion.com/reference/status-codes */
function slowQuery({ pageSizeMax }: EffectOf<"slow_query">): Wrap {
  return ({ call, route, handle }) => {
    const wanted = typeof call.body.page_size === "number" ? call.body.page_size : pageSizeDefault;
    if (!isRead(route) || (pageSizeMax !== undefined && wanted <= pageSizeMax)) return handle();
    throw new ApiError(503, "service_unavailable", "Notion is unavailable. Please try again later.", {
      endpoint_name: `${route.method} /v1${route.template}`,
      notion_error_name: "QueryTimeout",
      retry_guidance: ["Narrow the filter.", "Ask for a smaller page_size.", "Use filter_properties."],
    });
  };
}

async function answerStatus(fault: EffectOf<"status">, faulty: Faulty): Promise<void> {
  const { request, response, run, record, headers, requestId } = faulty;
  let childrenSent = 0;
  const applying: Wrap = ({ call, handle }) => {
    childrenSent = Array.isArray(call.body.children) ? call.body.children.length : 0;
    return handle();
  };
  const applied = fault.isApplied === true ? await run(applying) : null;
  if (applied === null) for await (const _ of request);
  const {
    status,
    headers: own,
    body,
  } = statusAnswer(fault, applied === null ? null : committed(applied.text, childrenSent));
  record(status);
  const text = typeof body === "string" ? body : JSON.stringify({ ...body, request_id: requestId });
  send(response, { status, headers: { ...headers, ...own }, text });
}

/**
 * What a request made: the object answered, or the parent of blocks that were appended, and those; an answer lists them
 * first and then what comes after them.
 */
function committed(text: string, childrenSent: number): Committed | null {
  const body: JsonObject = JSON.parse(text);
  if (body.object === "error") return null;
  if (typeof body.id === "string") return { id: body.id, childIds: [] };
  const results = Array.isArray(body.results) ? body.results.map(objectOr) : [];
  const parent = objectOr(results[0]?.parent);
  const id = stringOr(parent.page_id ?? parent.block_id, "");
  return id === ""
    ? null
    : { id, childIds: results.slice(0, childrenSent).map((result) => stringOr(result.id, "")) };
}

function emptied(text: string): string {
  return JSON.stringify({ ...JSON.parse(text), results: [], next_cursor: null, has_more: false });
}
