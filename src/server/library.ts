import { createHmac, timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { ImportJobs } from "../app/library-jobs.ts";
import type { ImportFile, ImportOptions, LibraryDesk } from "../app/library-report.ts";
import type { Lockstep } from "../app/lockstep.ts";
import { explainError } from "../app/next-step.ts";
import type { Ids } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { isSameSecret } from "./guards.ts";

/** Tens of thousands of books. */
const fileBytesMax = 64 * 1024 * 1024;
const eventBytesMax = 64 * 1024;

const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const importFields = z.object({
  commit: flag.default(false),
  synthesizeMissing: flag.default(false),
  withPodcasts: flag.default(false),
  dates: z.enum(["day-first", "month-first"]).optional(),
});

const eventSchema = z.object({
  asin: z.string().min(1).max(40),
  status: z.enum(["notStarted", "inProgress", "finished", "poubelle"]).optional(),
  at: z.iso.datetime({ offset: true }).optional(),
});

/** Takes in exported libraries. Behind the admin token, like everything that is told to do something. */
export function createImportRoute(
  lockstep: Lockstep,
  { ids, stopping }: { readonly ids: Pick<Ids, "next">; readonly stopping: AbortSignal },
): Hono {
  const app = new Hono();
  const jobs = new ImportJobs(ids, lockstep.library?.importNotes ?? null);
  app.post(
    "/",
    bodyLimit({ maxSize: fileBytesMax, onError: () => tooLarge(fileBytesMax) }),
    async (context) => {
      const library = libraryOf(lockstep);
      const { file, fields } = await uploadIn(context.req.raw);
      const job = jobs.start(library, file, { ...importOptionsIn(fields), trigger: "api", signal: stopping });
      return context.json({ ok: true, ...job }, 202);
    },
  );
  app.get("/:id", async (context) => {
    const job = await jobs.find(context.req.param("id"), lockstep);
    return context.json({ ok: job.state !== "failed", ...job });
  });
  return app;
}

/**
 * Takes in what players tell. Each delivery is signed (`X-Lockstep-Signature: sha256=` and the HMAC of the body, in hex)
 * or carries the secret as a bearer token; neither the admin token nor the Host header counts here.
 */
export function createPlayerRoute(lockstep: Lockstep, secret: string | null): Hono {
  const app = new Hono();
  for (const kind of ["started", "finished"] as const) {
    app.post(
      `/${kind}`,
      bodyLimit({ maxSize: eventBytesMax, onError: () => tooLarge(eventBytesMax) }),
      async (context) => {
        const body = Buffer.from(await context.req.arrayBuffer());
        const problem = proofProblem(secret, {
          body,
          signature: context.req.header("x-lockstep-signature"),
          authorization: context.req.header("authorization"),
        });
        if (problem !== null) return answer(401, { code: "UNAUTHENTICATED", message: problem });
        const event = eventSchema.safeParse(jsonIn(body.toString("utf8")));
        if (!event.success) {
          const message = `expected {"asin": "B0…"} with an optional status and time. ${z.prettifyError(event.error)}`;
          return answer(400, { code: "USAGE", message: message.replaceAll("\n", " ") });
        }
        try {
          const { asin, status = null, at = null } = event.data;
          const told = await libraryOf(lockstep).tell({ kind, asin, status, at });
          return context.json({ ok: true, ...told });
        } catch (thrown) {
          const { error } = explainError(thrown);
          if (error.code === "RECORD_NOT_FOUND")
            return answer(404, { code: error.code, message: error.message, asin: event.data.asin });
          throw thrown;
        }
      },
    );
  }
  return app;
}

interface Proof {
  readonly body: Buffer;
  readonly signature: string | undefined;
  readonly authorization: string | undefined;
}

/** null: it comes from somebody who knows the secret. */
function proofProblem(secret: string | null, { body, signature, authorization }: Proof): string | null {
  if (secret === null)
    return "This server takes no words from players: start it with LOCKSTEP_LIBRARY_WEBHOOK_SECRET in its environment.";
  if (signature !== undefined) {
    const wanted = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
    const given = Buffer.from(signature);
    const isRight = given.length === wanted.length && timingSafeEqual(given, wanted);
    return isRight ? null : "The signature does not fit the body.";
  }
  const token = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return "Neither X-Lockstep-Signature nor a bearer token was sent.";
  return isSameSecret(token, secret) ? null : "The bearer token is wrong.";
}

/** USAGE when no library is configured. */
function libraryOf({ library }: Lockstep): LibraryDesk {
  if (library !== null) return library;
  throw new LockstepError("USAGE", 'The configuration of this server has no "library".');
}

export interface Upload {
  readonly file: ImportFile;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A form with a file, or the file as the body. Options are in the address, or in the form. */
export async function uploadIn(request: Request): Promise<Upload> {
  const asked = Object.fromEntries(new URL(request.url).searchParams);
  if (!/^multipart\/form-data/i.test(request.headers.get("content-type") ?? "")) {
    const bytes = new Uint8Array(await request.arrayBuffer());
    return { file: fileOf("the body of the request", bytes, null), fields: asked };
  }
  const form = await request.formData().catch((cause: unknown) => {
    throw new LockstepError("USAGE", "The form cannot be read; expected multipart/form-data with a file.", {
      cause,
    });
  });
  const { file, companion, ...fields } = Object.fromEntries(form);
  if (!(file instanceof File))
    throw new LockstepError("USAGE", 'The form has no file; expected a part "file".');
  const list = companion instanceof File ? await companion.text() : companion;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const lists = list === undefined ? null : jsonIn(list);
  return { file: fileOf(file.name, bytes, lists), fields: { ...asked, ...fields } };
}

function fileOf(name: string, bytes: Uint8Array, companion: Json): ImportFile {
  return {
    name,
    companion,
    async *chunks() {
      yield bytes;
    },
  };
}

export function importOptionsIn(
  fields: Upload["fields"],
): Pick<ImportOptions, "isCommitted" | "isSynthesizing" | "withPodcasts" | "dateOrder"> {
  const parsed = importFields.safeParse(fields);
  if (!parsed.success)
    throw new LockstepError("USAGE", `The options are not as expected. ${z.prettifyError(parsed.error)}`);
  const { commit, synthesizeMissing, withPodcasts, dates } = parsed.data;
  return { isCommitted: commit, isSynthesizing: synthesizeMissing, withPodcasts, dateOrder: dates ?? null };
}

function jsonIn(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    throw new LockstepError("USAGE", "The body is not JSON.");
  }
}

function tooLarge(bytes: number): Response {
  return answer(413, { code: "USAGE", message: `The body is larger than ${bytes} bytes.` });
}

function answer(
  status: number,
  error: { readonly code: string; readonly message: string; readonly asin?: string },
): Response {
  return Response.json({ ok: false, error }, { status });
}
