import type { JsonObject } from "../json.ts";
import type { FaultEffect } from "./faults.ts";

const standard: { readonly [status: number]: { readonly code: string; readonly message: string } } = {
  409: { code: "conflict_error", message: "Conflict occurred while saving. Please try again." },
  429: { code: "rate_limited", message: "You have been rate limited. Please try again in a few minutes." },
  500: { code: "internal_server_error", message: "Unexpected error occurred." },
  503: { code: "service_unavailable", message: "Notion is unavailable. Please try again later." },
  529: { code: "service_overload", message: "Notion is overloaded. Please try again later." },
};

const retryAfterSeconds = 1;

export interface FaultAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** HTML as text, anything else as JSON. */
  readonly body: string | JsonObject;
}

/** What a request that was carried out made. */
export interface Committed {
  readonly id: string;
  /** Blocks that were appended to it. */
  readonly childIds: readonly string[];
}

/** The answer of a status fault; `committed` is null when the request was not carried out, or made nothing. */
export function statusAnswer(
  effect: Extract<FaultEffect, { kind: "status" }>,
  committed: Committed | null,
): FaultAnswer {
  const { status } = effect;
  const isHtml = effect.isHtml ?? (effect.code === undefined && (status === 502 || status === 504));
  if (isHtml) {
    return { status, headers: { "content-type": "text/html; charset=UTF-8" }, body: edgePage(status) };
  }
  const known = standard[status];
  const waits = status === 429 || status === 529;
  const retryAfter = String(effect.retryAfter ?? retryAfterSeconds);
  const additional: JsonObject = {
    ...(waits
      ? { retry_after: retryAfter, rate_limit_reason: effect.reason ?? "public_api_request_rate_limit" }
      : {}),
    ...(effect.namesCommitted === true && committed !== null
      ? {
          committed_resource_id: committed.id,
          ...(committed.childIds.length === 0 ? {} : { committed_child_ids: [...committed.childIds] }),
          retry_guidance: ["Read the committed resource instead of repeating the request."],
        }
      : {}),
  };
  return {
    status,
    headers: waits ? { "retry-after": retryAfter } : {},
    body: {
      object: "error",
      status,
      code: effect.code ?? known?.code ?? "internal_server_error",
      message: effect.message ?? known?.message ?? "Injected fault.",
      ...(Object.keys(additional).length > 0 ? { additional_data: additional } : {}),
    },
  };
}

const edgeTitles: { readonly [status: number]: string } = {
  403: "403 Forbidden",
  502: "502 Bad Gateway",
  503: "503 Service Temporarily Unavailable",
  504: "504 Gateway Time-out",
};

function edgePage(status: number): string {
  const title = edgeTitles[status] ?? `${status} Error`;
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n`;
}
