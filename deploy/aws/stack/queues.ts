import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { type Functions, functionSpecs } from "./functions.ts";

export interface Queues {
  /** "Look at this sync", in order for each sync. */
  readonly syncs: Queue;
  /** Messages that failed again and again. */
  readonly syncLetters: Queue;
  /** Books and imports that could not be done. */
  readonly importLetters: Queue;
}

/** A pass that waits for another, or for Notion, is tried for more than an hour. */
const receivesMax = 6;

export function addQueues(scope: Construct, stage: string): Queues {
  const common = {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    // A letter that nobody has read yet is data.
    removalPolicy: RemovalPolicy.RETAIN,
  };
  const syncLetters = new Queue(scope, "SyncDeadLetters", {
    ...common,
    queueName: `lockstep-${stage}-syncs-dead.fifo`,
    fifo: true,
  });
  const syncs = new Queue(scope, "SyncQueue", {
    ...common,
    removalPolicy: RemovalPolicy.DESTROY,
    queueName: `lockstep-${stage}-syncs.fifo`,
    fifo: true,
    // As long as the function may take, so that no other one begins meanwhile.
    visibilityTimeout: functionSpecs.queue.timeout,
    deadLetterQueue: { queue: syncLetters, maxReceiveCount: receivesMax },
  });
  const importLetters = new Queue(scope, "ImportDeadLetters", {
    ...common,
    queueName: `lockstep-${stage}-imports-dead`,
  });
  return { syncs, syncLetters, importLetters };
}

/** Syncs side by side, as many as there are; messages of one sync after one another. */
export function feedFromQueue({ queue }: Functions, { syncs }: Queues): void {
  queue.addEventSource(new SqsEventSource(syncs, { batchSize: 10, reportBatchItemFailures: true }));
}
