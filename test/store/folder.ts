import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for one test, removed at its end. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: (name: string) => string }> {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-store-"));
  return {
    path: (name) => join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
