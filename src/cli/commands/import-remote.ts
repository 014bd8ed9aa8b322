import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ImportOptions, ImportReport } from "../../app/library-report.ts";
import type { Progress } from "../../app/lockstep.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { CommandContext } from "../command.ts";

interface Sent {
  readonly path: string;
  readonly companion: Json;
  readonly options: Omit<ImportOptions, "trigger">;
}

/** What a server answers while an import goes on, and at its end. */
interface ImportAnswer {
  readonly ok: boolean;
  readonly id: string;
  readonly state: "running" | "done" | "failed";
  readonly progress: Progress | null;
  readonly report: ImportReport | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

const askEveryMs = 500;

/** Sends a file to a running server, and follows what becomes of it there. */
export async function importAt(
  { io }: CommandContext,
  apiUrl: string,
  { path, companion, options }: Sent,
): Promise<ImportReport> {
  const base = apiUrl.replace(/\/+$/, "");
  const token = io.env.LOCKSTEP_ADMIN_TOKEN ?? "";
  if (token === "")
    throw new LockstepError("SECRET_MISSING", `LOCKSTEP_ADMIN_TOKEN is not set, and ${base} asks for it.`);
  const headers = { authorization: `Bearer ${token}` };
  const form = new FormData();
  form.set("file", new Blob([await readFile(path)]), path.split("/").at(-1) ?? "library");
  if (companion !== null) form.set("companion", new Blob([JSON.stringify(companion)]), "companion.json");
  form.set("commit", String(options.isCommitted));
  form.set("synthesizeMissing", String(options.isSynthesizing));
  form.set("withPodcasts", String(options.withPodcasts));
  if (options.dateOrder !== null) form.set("dates", options.dateOrder);
  const { signal } = io;
  const sent = await send(`${base}/import`, { method: "POST", headers, body: form, signal });
  for (let answer = sent; ; answer = await send(`${base}/import/${sent.id}`, { headers, signal })) {
    if (answer.report !== null) return answer.report;
    if (answer.state === "failed")
      throw new LockstepError(
        "UPSTREAM_FAILED",
        `The server could not import it: ${answer.error?.message ?? "no reason"}`,
      );
    if (answer.progress !== null) options.onProgress?.(answer.progress);
    await delay(askEveryMs, undefined, { signal });
  }
}

async function send(url: string, request: RequestInit): Promise<ImportAnswer> {
  const response = await fetch(url, request).catch((cause: unknown) => {
    throw new LockstepError(
      "UPSTREAM_FAILED",
      `Nobody answers at ${url}. Is \`lockstep serve\` running there?`,
      { cause },
    );
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && isAnswer(body)) return body;
  const message = isRefusal(body) ? body.error.message : `status ${response.status}`;
  throw new LockstepError("UPSTREAM_FAILED", `${url} refused it: ${message}`);
}

function isAnswer(body: unknown): body is ImportAnswer {
  return typeof body === "object" && body !== null && "id" in body && "state" in body && "report" in body;
}

function isRefusal(body: unknown): body is { readonly error: { readonly message: string } } {
  if (typeof body !== "object" || body === null || !("error" in body)) return false;
  const { error } = body;
  return (
    typeof error === "object" && error !== null && "message" in error && typeof error.message === "string"
  );
}
