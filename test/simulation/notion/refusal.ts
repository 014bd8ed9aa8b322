import type { Members } from "./page.ts";

/** An answer that is no success, in Notion's words. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  get body(): Members {
    return { object: "error", status: this.status, code: this.code, message: this.message };
  }
}

export function invalid(message: string): Refusal {
  return new Refusal(400, "validation_error", message);
}

export function notFound(kind: string, id: string): Refusal {
  return new Refusal(
    404,
    "object_not_found",
    `Could not find ${kind} with ID: ${id}. Make sure the relevant pages and databases are shared with your integration.`,
  );
}
