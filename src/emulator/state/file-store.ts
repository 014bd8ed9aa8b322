import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Uploaded bytes, in a folder of the system's temporary folder that is made when first needed. */
export interface FileStore {
  /** Where the emulator answers, once it does. */
  origin: string;
  write(name: string, bytes: Uint8Array): void;
  /** Null when there is none. */
  read(name: string): Buffer | null;
  /** What is stored, in alphabetical order. */
  names(): string[];
  /** Binds a link to its file and its time, so that neither can be changed. */
  sign(path: string, date: string): string;
  /** Removes the folder. */
  close(): void;
}

const nameMax = 80;
/** Ids and part numbers: nothing that could lead out of the folder. */
const namePattern = /^[A-Za-z0-9-]+$/;

export function createFileStore(secret: string): FileStore {
  let folder: string | null = null;

  function pathOf(name: string): string {
    if (!namePattern.test(name) || name.length > nameMax) throw new TypeError(`Not a stored file: ${name}`);
    folder ??= mkdtempSync(join(tmpdir(), "lockstep-emulator-"));
    return join(folder, name);
  }

  return {
    origin: "",
    write: (name, bytes) => writeFileSync(pathOf(name), bytes),
    read(name) {
      if (folder === null) return null;
      try {
        return readFileSync(pathOf(name));
      } catch {
        return null;
      }
    },
    names: () => (folder === null ? [] : readdirSync(folder).sort()),
    sign: (path, date) => createHash("sha256").update(`${secret} ${path} ${date}`).digest("hex"),
    close() {
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
      folder = null;
    },
  };
}
