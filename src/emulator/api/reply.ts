import type { JsonObject } from "../json.ts";

/** An answer that differs from the usual 200 with a request id in the body. */
export class Reply {
  readonly status: number;
  readonly body: JsonObject;
  /** Without `request_id` in the body: template lists have none. */
  readonly isBare: boolean;

  constructor(status: number, body: JsonObject, isBare = false) {
    this.status = status;
    this.body = body;
    this.isBare = isBare;
  }
}
