import type { IncomingMessage, ServerResponse } from "node:http";
import type { State } from "../state/state.ts";
import { filesPath, signedAt, signedUrlMs } from "../values/files.ts";

/** Whether a request is for an uploaded file and not for the API. */
export function isFileRequest(request: IncomingMessage): boolean {
  return (request.url ?? "").startsWith(filesPath);
}

/** Serves an uploaded file as the object storage behind Notion does: to whoever has a link whose hour is not over. */
export function answerFile(state: State, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const date = url.searchParams.get("X-Amz-Date") ?? "";
  const at = signedAt(date);
  const signature = state.files.sign(url.pathname, date);
  if (at === null || url.searchParams.get("X-Amz-Signature") !== signature) {
    refuse(response, 403, "SignatureDoesNotMatch");
    return;
  }
  if (state.now() >= at + signedUrlMs) {
    refuse(response, 403, "AccessDenied");
    return;
  }
  const [id = ""] = url.pathname.slice(filesPath.length).split("/");
  const upload = state.fileUploads.get(id);
  const bytes = upload === undefined ? null : state.files.read(upload.id);
  if (bytes === null || upload === undefined) {
    refuse(response, 404, "NoSuchKey");
    return;
  }
  response.writeHead(200, {
    "content-type": upload.contentType ?? "application/octet-stream",
    "content-length": String(bytes.length),
    // Uploaded HTML must not run under the emulator's own origin.
    "content-security-policy": "sandbox",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`);
}
