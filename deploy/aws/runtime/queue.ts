import { createHash } from "node:crypto";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Side } from "../../../src/core/two-way/mapping.ts";

/** "Look at this sync": what a message of the queue says. What is to be done is in the store, or on a side that is to be asked. */
export interface SyncMessage {
  readonly sync: string;
  readonly polls: readonly Side[];
}

/** The queue of work by sync: those of one sync are handled one after the other. */
export class SyncQueue {
  private readonly client = new SQSClient({});
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** `because`: the delivery; sent again, it is the same message for five minutes. */
  async send(message: SyncMessage, because: string): Promise<void> {
    const { sync } = message;
    await this.client.send(
      new SendMessageCommand({
        QueueUrl: this.url,
        MessageBody: JSON.stringify(message),
        MessageGroupId: groupOf(sync),
        MessageDeduplicationId: createHash("sha256").update(`${sync}\n${because}`).digest("hex"),
      }),
    );
  }
}

/** Names of syncs may hold anything; groups are letters and digits. */
export function groupOf(sync: string): string {
  return createHash("sha256").update(sync).digest("hex").slice(0, 32);
}
