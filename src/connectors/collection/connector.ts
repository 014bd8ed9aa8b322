import type { Capabilities, WritableConnector } from "../../connector/connector.ts";
import { applyToCollection } from "./apply.ts";
import { schemaOf, toRecord } from "./codec.ts";
import type { CollectionWorld } from "./config.ts";
import { pullCollection } from "./pull.ts";

const capabilities: Capabilities = {
  canPullChanges: true,
  canSweep: true,
  canCertifyDeaths: true,
  canWrite: true,
  hasPreconditions: true,
  lateWriteMs: 0,
  visibleAfterMs: 0,
};

/**
 * A collection of Lockstep's own as one side of a sync. Changes are numbered, so that a reading misses none, and writes are
 * conditional on the number of the change that they were planned on.
 */
export function createCollectionConnector(world: CollectionWorld): WritableConnector {
  const { config, access } = world;
  const { collection } = config;
  return {
    async describe() {
      await access.getCollectionTotals(collection);
      return { id: collection, name: collection, fields: schemaOf(config), capabilities, warnings: [] };
    },
    pull: (request) => pullCollection(world, request),
    async get(id) {
      const [record] = await access.getRecords(collection, [id]);
      if (record === undefined)
        return { presence: "unknown", reason: `${collection} has no record ${id}, and never had one` };
      return { presence: record.status, record: toRecord(config, record) };
    },
    async proveAccess() {
      const { revision } = await access.getCollectionTotals(collection);
      return `${collection} is at change ${revision}`;
    },
    apply: (write, options) => applyToCollection(world, write, options),
    async find(marker) {
      const records = await access.findByMarker(collection, marker);
      return {
        records: records.map((record) => toRecord(config, record)),
        accessProof: `${collection} was searched`,
      };
    },
  };
}
