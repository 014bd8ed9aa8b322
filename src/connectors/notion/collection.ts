import type { NotionClient } from "./client.ts";
import type { Decode } from "./codec.ts";

/** One data source as the parts of the connector see it: where it is, and how its pages are read. */
export interface Collection {
  readonly client: NotionClient;
  readonly dataSourceId: string;
  readonly decode: Decode;
}
