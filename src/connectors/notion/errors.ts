import { type ErrorCode, LockstepError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import type { HttpResponse } from "../../http/answer.ts";

const CONNECTIONS_PAGE = "https://www.notion.so/profile/integrations";
/** Notion's own words go into messages, but never a whole body. */
const MESSAGE_LENGTH_MAX = 300;

/** What the connection has to be allowed to do, as Notion names it in its settings. */
export type Capability = "Read content" | "Insert content" | "Update content";

/** Notion's refusal (4xx) of a request for `what`, with advice. https://developers.notion.com/reference/status-codes */
export function refusal(
  what: string,
  { status, body, requestId }: HttpResponse,
  capability: Capability = "Read content",
): LockstepError {
  const vendorCode = isJsonObject(body) && typeof body.code === "string" ? body.code : "no code";
  const vendorMessage = isJsonObject(body) && typeof body.message === "string" ? body.message : "";
  const blockLimit =
    isJsonObject(body) && isJsonObject(body.additional_data) && "block_limit" in body.additional_data;
  const { code, advice } = adviceFor(status, blockLimit, capability);
  const said = vendorMessage === "" ? "" : ` "${vendorMessage.slice(0, MESSAGE_LENGTH_MAX)}"`;
  const trace = requestId === null ? "" : ` (request ${requestId})`;
  return new LockstepError(
    code,
    `Asked Notion for ${what}, got ${status} ${vendorCode}${trace}:${said} ${advice}`,
    {
      details: {
        status,
        vendorCode,
        requestId,
        isCursor: /\bstart_cursor\b/.test(vendorMessage),
        isBlockLimit: blockLimit,
      },
    },
  );
}

function adviceFor(
  status: number,
  isBlockLimit: boolean,
  capability: Capability,
): { code: ErrorCode; advice: string } {
  if (status === 401) {
    return {
      code: "NOTION_UNAUTHORIZED",
      advice: `The token is wrong, expired or revoked: look it up at ${CONNECTIONS_PAGE} and set NOTION_TOKEN.`,
    };
  }
  if (status === 403 && isBlockLimit) {
    return {
      code: "NOTION_FORBIDDEN",
      advice: "The workspace has reached its block limit: free some or change the plan.",
    };
  }
  if (status === 403) {
    return {
      code: "NOTION_FORBIDDEN",
      advice: `The connection lacks a capability: allow "${capability}" for it at ${CONNECTIONS_PAGE}.`,
    };
  }
  if (status === 404) {
    return {
      code: "NOTION_NOT_FOUND",
      advice:
        "It does not exist, or is not shared with the connection: open the database in Notion, then ••• → Connections → add the connection.",
    };
  }
  return { code: "NOTION_REFUSED", advice: "The request itself was refused, so trying again does not help." };
}

/** Cursors belong to a session that Notion may end at any time; the walk then starts again where it was. */
export function isLostCursor(error: unknown): boolean {
  return error instanceof LockstepError && error.code === "NOTION_REFUSED" && error.details.isCursor === true;
}

/** Not there, or not for us: Notion does not tell the two apart. */
export function isOutOfSight(error: LockstepError): boolean {
  return error.code === "NOTION_NOT_FOUND" || error.code === "NOTION_FORBIDDEN";
}

/** The collection itself is out of sight: nothing that is absent from now on means anything. */
export function accessLost(
  error: LockstepError,
  consequence = "Nothing is concluded from rows that cannot be read.",
): LockstepError {
  return new LockstepError("ACCESS_LOST", `${error.message} ${consequence}`, {
    cause: error,
    details: error.details,
  });
}
