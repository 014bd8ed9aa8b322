import type { LibraryConfig } from "../config/config.ts";
import { createProvisionApi } from "../connectors/notion/provision/api.ts";
import { type Check, checkDatabases } from "../connectors/notion/provision/checks.ts";
import type { ProvisionTarget } from "../connectors/notion/provision/provision.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { HttpClient } from "../http/client.ts";
import { libraryDatabases } from "../recipes/library/databases.ts";
import { provideDatabases, targetOf } from "./database-setup.ts";
import { type InitRequest, openInitWorld } from "./init-world.ts";

export interface LibrarySetupRequest {
  readonly deps: EngineDeps;
  readonly http: HttpClient;
  readonly library: LibraryConfig;
  readonly signal?: AbortSignal | undefined;
}

/** What there is now; the ids belong into the configuration. */
export interface LibrarySetup {
  /** Data source ids. */
  readonly series: string;
  readonly books: string;
  /** Writes to Notion; 0: everything was there. */
  readonly writes: number;
  /** What people made otherwise, and may keep. */
  readonly differences: readonly string[];
}

/**
 * Makes or completes the databases of a library. Everything that is there already stays as it is: run again, it writes
 * nothing. Throws SCHEMA_DRIFT when something that people made is in the way.
 */
export async function setUpLibrary(request: LibrarySetupRequest): Promise<LibrarySetup> {
  const { ids, writes, differences } = await provideDatabases(request, "library", await targetsOf(request));
  return { series: ids.series ?? "", books: ids.books ?? "", writes, differences };
}

/** Whether the databases are as they have to be. Writes nothing. */
export async function checkLibrary(request: LibrarySetupRequest): Promise<readonly Check[]> {
  return checkDatabases(createProvisionApi(request.http), await targetsOf(request), request.signal);
}

async function targetsOf({
  deps,
  http,
  library,
  signal,
}: LibrarySetupRequest): Promise<Readonly<Record<string, ProvisionTarget>>> {
  const { seriesId, booksId, parentPageId } = library.notion;
  const ids: Readonly<Record<string, string | null>> = { series: seriesId, books: booksId };
  const targets: Record<string, ProvisionTarget> = {};
  for (const [key, spec] of Object.entries(libraryDatabases(library.statusNames)))
    targets[key] = await targetOf({
      recipe: "library",
      deps,
      http,
      spec,
      id: ids[key] ?? null,
      parentPageId,
      signal,
    });
  return targets;
}

export interface InitLibraryRequest extends InitRequest {
  readonly library: LibraryConfig;
}

/** The same from a configuration alone. Throws SECRET_MISSING, SCHEMA_DRIFT and what Notion refuses. */
export async function initLibrary(request: InitLibraryRequest): Promise<LibrarySetup> {
  const { library, signal } = request;
  await using world = await openInitWorld(request);
  return await setUpLibrary({ ...world, library, signal });
}
