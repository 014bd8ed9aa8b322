import { CfnOutput, Stack, type StackProps, Tags } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { sharedRate } from "../runtime/rate-budget.ts";
import type { StageSettings } from "../settings.ts";
import { addApi } from "./api.ts";
import { acceptFindings } from "./findings.ts";
import { addFunctions, addSecrets, allow, type Functions } from "./functions.ts";
import { addImportMachine } from "./import-machine.ts";
import { addQueues, feedFromQueue, type Queues } from "./queues.ts";
import { addSchedules } from "./schedules.ts";
import { addTables } from "./tables.ts";
import { addWatch } from "./watch.ts";

export interface LockstepStackProps extends StackProps {
  readonly settings: StageSettings;
  /** Where `bundleAll` has put the functions' code. */
  readonly bundlesFolder: string;
}

/** One stage of Lockstep: its tables, its functions, and what sets them going. */
export class LockstepStack extends Stack {
  constructor(scope: Construct, id: string, { settings, bundlesFolder, ...props }: LockstepStackProps) {
    super(scope, id, props);
    const { stage, config } = settings;
    const tables = addTables(this, stage);
    const secrets = addSecrets(this, settings);
    const queues = addQueues(this, stage);
    const functions = addFunctions(this, { settings, tables, secrets, bundlesFolder });
    const machine = addImportMachine(this, {
      stage,
      functions,
      deadLetters: queues.importLetters,
      ratePerMinute: sharedRate(config.notion.ratePerMinute),
    });
    const api = addApi(this, stage, functions);
    connect(functions, queues, machine.stateMachineArn);
    addSchedules(this, settings, functions);
    addWatch(this, { settings, queues, machine, functions });
    new CfnOutput(this, "ApiUrl", { value: api.url });
    new CfnOutput(this, "StateMachineArn", { value: machine.stateMachineArn });
    new CfnOutput(this, "SeriesTableName", { value: tables.series.tableName });
    new CfnOutput(this, "BooksTableName", { value: tables.books.tableName });
    new CfnOutput(this, "SyncTableName", { value: tables.sync.tableName });
    Tags.of(this).add("lockstep:stage", stage);
    acceptFindings(this);
  }
}

function connect(functions: Functions, queues: Queues, machineArn: string): void {
  const { "api-webhook": webhook, "api-import": imports } = functions;
  webhook.addEnvironment("LOCKSTEP_QUEUE_URL", queues.syncs.queueUrl);
  webhook.role?.addToPrincipalPolicy(allow(["sqs:SendMessage"], [queues.syncs.queueArn]));
  imports.addEnvironment("LOCKSTEP_STATE_MACHINE", machineArn);
  imports.role?.addToPrincipalPolicy(allow(["states:StartExecution"], [machineArn]));
  feedFromQueue(functions, queues);
}
