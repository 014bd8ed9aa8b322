import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { Side } from "../../../src/core/two-way/mapping.ts";
import type { SyncMessage } from "../runtime/queue.ts";
import { worker } from "../runtime/work.ts";

/** Messages say which sync to look at; several about one sync are one look. Those of a sync that failed come again. */
export const handler = worker<SQSEvent, SQSBatchResponse>(async ({ Records }, run) => {
  const failed: SQSRecord[] = [];
  for (const [sync, records] of Map.groupBy(Records, (record) => messageIn(record).sync)) {
    const polls = new Set<Side>(records.flatMap((record) => messageIn(record).polls));
    try {
      await run({ kind: "hint", sync, polls: [...polls] });
    } catch (error) {
      console.error(JSON.stringify({ level: "error", msg: "sync not done", sync, error: codeOf(error) }));
      failed.push(...records);
    }
  }
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
});

function messageIn({ body }: SQSRecord): SyncMessage {
  return JSON.parse(body);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unexpected";
}
