import type { PullEnd } from "../connector/connector.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Run, Store } from "../store/store.ts";
import type { OnProgress, SyncDefinition } from "./sync.ts";
import { VersionDigest } from "./tally.ts";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/**
 * Checks the store against what a run certified, and against the source as it is today. Reads only. The source is
 * asked for every row once; rows edited meanwhile do not matter, only whether each one has its task.
 */
export async function verifyRun(
  store: Store,
  run: Run,
  sync: SyncDefinition,
  options: { readonly onProgress: OnProgress; readonly signal: AbortSignal | undefined },
): Promise<readonly Check[]> {
  if (!isJsonObject(run.certificate)) {
    return [
      {
        name: "certificate",
        ok: false,
        detail: `run ${run.id} ended as "${run.status}" and left no certificate`,
      },
    ];
  }
  const certificate = run.certificate;
  return [
    {
      name: "read to the end",
      ok: certificate.isComplete === true,
      detail: windowsDetail(certificate),
    },
    await checkVersions(store, run, certificate),
    ...(await checkSource(store, sync, options)),
  ];
}

function windowsDetail(certificate: { readonly [key: string]: Json }): string {
  const windows = Array.isArray(certificate.windows) ? certificate.windows : [];
  const rows = windows.reduce(
    (sum: number, window: Json) => sum + (isJsonObject(window) ? Number(window.rows) : 0),
    0,
  );
  const unreadable = Number(certificate.unreadableCount ?? 0);
  const capped = windows.filter((window: Json) => isJsonObject(window) && window.isCapped === true).length;
  return `${rows} rows in ${windows.length} windows, ${capped} of them continued at the cap${unreadable > 0 ? `, ${unreadable} rows unreadable` : ""}`;
}

/** Every version the run wrote is still there with the content it was written with. */
async function checkVersions(
  store: Store,
  run: Run,
  certificate: { readonly [key: string]: Json },
): Promise<Check> {
  const digest = new VersionDigest();
  for await (const version of store.iterateVersionsOfRun(run.id)) {
    digest.add(version.sourceId ?? "", version.versionNum, {
      ...version,
      metadataJson: JSON.stringify(version.metadata),
    });
  }
  const isWhole =
    digest.count === certificate.versionsWritten && digest.value() === certificate.versionsDigest;
  return {
    name: "versions intact",
    ok: isWhole,
    detail: isWhole
      ? `${digest.count} versions, digest ${digest.value().slice(0, 16)}…`
      : `expected ${String(certificate.versionsWritten)} versions with digest ${String(certificate.versionsDigest).slice(0, 16)}…, ` +
        `found ${digest.count} with ${digest.value().slice(0, 16)}…`,
  };
}

/** Rows that the source lists today and the store lacks, and the other way round. */
async function checkSource(
  store: Store,
  sync: SyncDefinition,
  { onProgress, signal }: { readonly onProgress: OnProgress; readonly signal: AbortSignal | undefined },
): Promise<Check[]> {
  const pulling = sync.left.pull({
    mode: "sweep",
    checkpoint: (await store.getSync(sync.id))?.checkpoint ?? null,
    memosOf: (ids) => store.getMemos(sync.id, ids),
    knownFields: null,
    signal,
  });
  let rows = 0;
  let unlinked = 0;
  let inStore = 0;
  let end: PullEnd | null = null;
  while (end === null) {
    const next = await pulling.next();
    if (next.done === true) {
      end = next.value;
      continue;
    }
    const ids = [...next.value.records, ...next.value.same, ...next.value.unreadable].map((row) => row.id);
    const links = await store.getLinks(sync.id, ids);
    rows += ids.length;
    for (const id of ids) {
      if (links.get(id)?.state === "live") inStore += 1;
      else unlinked += 1;
    }
    onProgress("verifying", rows);
  }
  const { live } = await store.getTotals(sync.id);
  return [
    { name: "source read today", ok: end.isComplete, detail: end.reason ?? `${rows} rows listed` },
    {
      name: "every source row has its task",
      ok: unlinked === 0,
      detail:
        unlinked === 0
          ? `${inStore} of ${rows}`
          : `${unlinked} of ${rows} rows are not in the store; run a sync`,
    },
    {
      name: "no task without its source row",
      ok: live === inStore,
      detail:
        live === inStore
          ? `${live} live tasks`
          : `${live} live tasks, ${inStore} of them listed by the source; a sync with a sweep settles the rest`,
    },
  ];
}
