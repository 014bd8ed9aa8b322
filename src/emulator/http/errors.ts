import type { Json, JsonObject } from "../json.ts";

/** An error answer of the API. Thrown by handlers, written out by the server. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly additionalData: JsonObject | undefined;

  constructor(status: number, code: string, message: string, additionalData?: JsonObject) {
    super(message);
    this.status = status;
    this.code = code;
    this.additionalData = additionalData;
  }
}

export function validationError(message: string, additionalData?: JsonObject): ApiError {
  return new ApiError(400, "validation_error", message, additionalData);
}

/** The body's shape is wrong: one issue, in Notion's wording. */
export function bodyError(path: string, expected: string, got: Json | undefined): ApiError {
  const part = /^(query|path)\./.exec(path)?.[1] ?? "body";
  return validationError(
    `${part} failed validation: ${path} should be ${expected}, instead was \`${show(got)}\`.`,
  );
}

/** The body fits none of several shapes: one line for each. */
export function bodyErrors(paths: readonly string[]): ApiError {
  const lines = paths.map((path) => `${path} should be defined, instead was \`undefined\`.`);
  return validationError(`body failed validation. Fix one:\n${lines.join("\n")}`);
}

/** An array or text longer than the API takes. */
export function lengthError(path: string, max: number, got: number): ApiError {
  return validationError(
    `body failed validation: ${path}.length should be ≤ \`${max}\`, instead was \`${got}\`.`,
  );
}

export function invalidRequestUrl(): ApiError {
  return new ApiError(400, "invalid_request_url", "Invalid request URL.");
}

/** Any edit of something in the trash, other than restoring it. */
export function archivedError(): ApiError {
  return validationError("Can't edit block that is archived. You must unarchive the block before editing.");
}

export function invalidCursor(): ApiError {
  return validationError("The start_cursor provided is invalid");
}

export type NotFoundKind =
  | "page"
  | "block"
  | "database"
  | "user"
  | "comment"
  | "discussion"
  | "view"
  | "view query"
  | "file_upload"
  | "async_task";

/** Absent and not shared look alike, on purpose. */
export function notFound(
  kind: NotFoundKind,
  id: string,
  connection: { readonly name: string; readonly botId: string },
): ApiError {
  const share = `Make sure the relevant pages and databases are shared with your integration "${connection.name}".`;
  const message =
    kind === "user"
      ? `Could not find user with ID: ${id}.`
      : `Could not find ${kind} with ID: ${id}. ${share}`;
  return new ApiError(404, "object_not_found", message, { integration_id: connection.botId });
}

export function restricted(): ApiError {
  return new ApiError(403, "restricted_resource", "Insufficient permissions for this endpoint.");
}

function show(got: Json | undefined): string {
  const text = got === undefined ? "undefined" : JSON.stringify(got);
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
