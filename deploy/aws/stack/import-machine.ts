import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { type PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import {
  Choice,
  Condition,
  CustomState,
  DefinitionBody,
  Fail,
  type IChainable,
  JitterType,
  JsonPath,
  LogLevel,
  Map as MapState,
  StateMachine,
  Succeed,
  TaskInput,
} from "aws-cdk-lib/aws-stepfunctions";
import { LambdaInvoke, SqsSendMessage } from "aws-cdk-lib/aws-stepfunctions-tasks";
import { Construct } from "constructs";
import { booksAtOnce, type StepName, steps } from "../machine.ts";
import { refusedName } from "../runtime/step.ts";
import { wildcardReasons } from "./findings.ts";
import { allow, type Functions, placeOf } from "./functions.ts";

export interface MachineParts {
  readonly stage: string;
  readonly ratePerMinute: number;
  readonly functions: Functions;
  readonly deadLetters: IQueue;
}

/**
 * An import: Notion is asked once, then book by book its series, itself, and what follows from it; at last the whole plan
 * once more. A book that cannot be done goes to the dead letters, and the others go on.
 */
export function addImportMachine(scope: Construct, parts: MachineParts): StateMachine {
  const { stage } = parts;
  const name = `lockstep-${stage}-import`;
  const logGroup = new LogGroup(scope, "ImportMachineLog", {
    logGroupName: `/aws/vendedlogs/states/${name}`,
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, "ImportMachineRole", {
    assumedBy: new ServicePrincipal("states.amazonaws.com"),
  });
  const { region, account } = placeOf(scope);
  const ownArn = `arn:aws:states:${region}:${account}:stateMachine:${name}`;
  for (const statement of statements(parts, ownArn)) role.addToPolicy(statement);
  const machine = new StateMachine(scope, "ImportMachine", {
    stateMachineName: name,
    // By itself the CDK would allow every version of every function, and sending with more than sending takes.
    role: role.withoutPolicyUpdates(),
    // States are called by their constructs; in a scope of their own they may be called as functions are.
    definitionBody: DefinitionBody.fromChainable(definition(new Construct(scope, "Import"), parts, ownArn)),
    timeout: Duration.hours(12),
    tracingEnabled: true,
    // Titles of books are nobody's business in a log.
    logs: { destination: logGroup, level: LogLevel.ALL, includeExecutionData: false },
  });
  machine.node.addDependency(role);
  return machine;
}

function statements({ functions, deadLetters }: MachineParts, ownArn: string): readonly PolicyStatement[] {
  return [
    allow(
      ["lambda:InvokeFunction"],
      Object.values(steps).map((name) => functions[name].functionArn),
    ),
    allow(["sqs:SendMessage"], [deadLetters.queueArn]),
    // The next part of a large import is an execution of the same machine.
    allow(["states:StartExecution"], [ownArn]),
    allow(Object.keys(wildcardReasons), ["*"]),
  ];
}

function definition(scope: Construct, parts: MachineParts, ownArn: string): IChainable {
  const { functions, deadLetters, ratePerMinute } = parts;
  const begin = task(scope, functions, "BeginImport", {
    payload: TaskInput.fromObject({
      input: JsonPath.objectAt("$"),
      execution: JsonPath.stringAt("$$.Execution.Name"),
    }),
  });
  const eachBook = new MapState(scope, "EachBook", {
    itemsPath: "$.items",
    maxConcurrency: booksAtOnce(ratePerMinute),
    resultPath: JsonPath.DISCARD,
  });
  eachBook.itemProcessor(oneBook(scope, parts));
  const finish = task(scope, functions, "FinishImport", { resultPath: "$.finished" });
  const failed = new SqsSendMessage(scope, "ImportToDeadLetters", {
    queue: deadLetters,
    messageBody: letter("import"),
    resultPath: JsonPath.DISCARD,
  });
  failed.next(new Fail(scope, "ImportFailed", { errorPath: "$.error.Error", causePath: "$.error.Cause" }));
  for (const state of [begin, finish]) state.addCatch(failed, { resultPath: "$.error" });
  const next = new CustomState(scope, "NextBooks", { stateJson: startNext(ownArn) });
  const last = new Choice(scope, "IsLast")
    .when(Condition.isNull("$.next"), finish.next(new Succeed(scope, "ImportDone")))
    .otherwise(next.next(new Succeed(scope, "BooksDone")));
  return begin.next(eachBook).next(last);
}

function oneBook(scope: Construct, { functions, deadLetters }: MachineParts): IChainable {
  const toDeadLetters = new SqsSendMessage(scope, "BookToDeadLetters", {
    queue: deadLetters,
    messageBody: letter("book"),
    resultPath: JsonPath.DISCARD,
  });
  const names = ["LookupSeriesMetadata", "UpsertSeries", "UpsertBook", "CascadeIfNeeded"] as const;
  const [lookUp, series, book, cascade] = names.map((name) => {
    const state = task(scope, functions, name);
    state.addCatch(toDeadLetters, { resultPath: "$.error" });
    return state;
  });
  if (lookUp === undefined || series === undefined || book === undefined || cascade === undefined)
    throw new Error("a book has four steps");
  return lookUp.next(series).next(book).next(cascade);
}

/** A step with the retries that all of them have. */
function task(
  scope: Construct,
  functions: Functions,
  name: StepName,
  props: { readonly payload?: TaskInput; readonly resultPath?: string } = {},
): LambdaInvoke {
  const state = new LambdaInvoke(scope, name, {
    ...props,
    lambdaFunction: functions[steps[name]],
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
  });
  // What only a person can mend is not tried again.
  state.addRetry({ errors: [refusedName], maxAttempts: 0 });
  // Half an hour in all: a request of which nobody knows what became of it is settled after five minutes.
  state.addRetry({
    errors: ["States.ALL"],
    interval: Duration.seconds(2),
    backoffRate: 2,
    maxDelay: Duration.minutes(2),
    maxAttempts: 20,
    jitterStrategy: JitterType.FULL,
  });
  return state;
}

function letter(kind: "import" | "book"): TaskInput {
  return TaskInput.fromObject({
    kind,
    execution: JsonPath.stringAt("$$.Execution.Name"),
    input: JsonPath.objectAt("$"),
  });
}

/** Started and left alone. Its name makes it one execution, however often this is done. */
function startNext(stateMachineArn: string) {
  return {
    Type: "Task",
    Resource: "arn:aws:states:::states:startExecution",
    Parameters: {
      StateMachineArn: stateMachineArn,
      "Name.$": "States.Format('{}-{}', $.next.importId, $.next.batch)",
      "Input.$": "$.next",
    },
    ResultPath: null,
  };
}
