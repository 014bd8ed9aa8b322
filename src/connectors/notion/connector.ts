import type { Connector } from "../../connector/connector.ts";
import type { NotionClient } from "./client.ts";
import { observePage } from "./get.ts";
import { pullNotion } from "./pull.ts";
import { describeDataSource, readDataSource } from "./schema.ts";

/** One data source of Notion, read only. */
export function createNotionConnector(target: {
  readonly client: NotionClient;
  readonly dataSourceId: string;
}): Connector {
  const { client, dataSourceId } = target;
  return {
    describe: async (signal) =>
      describeDataSource(await readDataSource(client, dataSourceId, signal), dataSourceId),
    pull: (request) => pullNotion(target, request),
    get: (id, signal) => observePage(target, id, signal),
    async proveAccess(signal) {
      await readDataSource(client, dataSourceId, signal);
      return `data source ${dataSourceId} was read`;
    },
  };
}
