import { chmod, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type AudibleCredentials, readCredentials } from "../connectors/audible/credentials.ts";
import { type PendingSignIn, readPendingSignIn } from "../connectors/audible/sign-in.ts";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { writeWholeFile } from "./whole-file.ts";

/** What is kept of Audible in a folder: `.auth/`, readable by its owner alone. */
export interface AudibleFiles {
  /** Where credentials are, for messages. */
  readonly path: string;
  /** null: never signed in. Throws AUDIBLE_SIGN_IN_NEEDED when the file is there and cannot be used. */
  readCredentials(): Promise<AudibleCredentials | null>;
  writeCredentials(credentials: AudibleCredentials): Promise<void>;
  /** A sign-in that was begun and not finished; null: none. */
  readPending(): Promise<PendingSignIn | null>;
  writePending(pending: PendingSignIn): Promise<void>;
  clearPending(): Promise<void>;
  clearAll(): Promise<void>;
}

const ownerOnly = 0o600;

export function audibleFiles(folder: string): AudibleFiles {
  const auth = join(folder, ".auth");
  const path = join(auth, "audible_credentials.json");
  const pendingPath = join(auth, "audible_sign_in.json");
  const write = async (file: string, value: object) => {
    await writeWholeFile(file, [`${JSON.stringify(value, null, 2)}\n`], { mode: ownerOnly });
    // Nobody means to publish these.
    await writeWholeFile(join(auth, ".gitignore"), ["*\n"]);
  };
  return {
    path,
    async readCredentials() {
      const json = await readJson(path);
      if (json === undefined) return null;
      const credentials = json === null ? null : readCredentials(json);
      if (credentials === null) throw unreadable(path);
      return credentials;
    },
    writeCredentials: (credentials) => write(path, credentials),
    async readPending() {
      const json = await readJson(pendingPath);
      return json === undefined || json === null ? null : readPendingSignIn(json);
    },
    writePending: (pending) => write(pendingPath, pending),
    clearPending: () => rm(pendingPath, { force: true }),
    async clearAll() {
      await rm(path, { force: true });
      await rm(pendingPath, { force: true });
    },
  };
}

/** undefined: there is no such file; null: it holds no JSON. One that others may read is closed to them. */
async function readJson(path: string): Promise<Json | undefined> {
  const found = await stat(path).catch(() => null);
  if (found === null) return undefined;
  if ((found.mode & 0o077) !== 0) await chmod(path, ownerOnly);
  const text = await readFile(path, "utf8");
  try {
    const json: Json = JSON.parse(text);
    return json;
  } catch {
    return null;
  }
}

function unreadable(path: string): LockstepError {
  return new LockstepError(
    "AUDIBLE_SIGN_IN_NEEDED",
    `The credentials in ${path} cannot be read: expected JSON as \`lockstep audible sign-in\` writes it. Sign in again; ` +
      "the file is then replaced.",
  );
}
