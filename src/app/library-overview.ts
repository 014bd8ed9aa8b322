import type { CollectionVersion } from "../core/collection/record.ts";
import { collectionChainFlaw } from "../core/collection/write.ts";
import type { Store } from "../store/store.ts";
import type { RunReport, Verification } from "./lockstep.ts";
import { verificationOf } from "./run-verification.ts";

const pageSize = 500;

/** Whether what a run of a library wrote into history is still exactly that, and the history of each record it touched whole. */
export async function verifyLibraryRun(
  { collections }: Pick<Store, "collections">,
  report: RunReport,
): Promise<Verification> {
  const touched = new Map<string, CollectionVersion>();
  let versions = 0;
  for await (const version of collections.iterateRecordVersionsOfRun(report.run.id)) {
    versions += 1;
    touched.set(`${version.collection}\n${version.recordId}`, version);
  }
  const flaws: string[] = [];
  for (const version of touched.values()) {
    const flaw = await flawOf(collections, version);
    if (flaw !== null) flaws.push(`record ${version.recordId}, ${flaw}`);
  }
  return verificationOf(report, { versions, records: touched.size, flaws });
}

async function flawOf(
  collections: Store["collections"],
  { collection, recordId }: CollectionVersion,
): Promise<string | null> {
  const [record] = await collections.getRecords(collection, [recordId]);
  if (record === undefined) return "which is gone";
  const versions: CollectionVersion[] = [];
  for (;;) {
    const page = { after: versions.length, limit: pageSize };
    const found = await collections.listRecordVersions(collection, recordId, page);
    versions.push(...found);
    if (found.length < pageSize) return collectionChainFlaw(versions, record.head);
  }
}
