import { Match, Template } from "aws-cdk-lib/assertions";
import { describe, expect, inject, it } from "vitest";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import { wildcardReasons } from "../stack/findings.ts";
import { functionSpecs } from "../stack/functions.ts";

const written: { readonly [key: string]: Json } = JSON.parse(inject("template"));
const template = Template.fromJSON(written);

interface Statement {
  readonly policy: string;
  readonly actions: readonly string[];
  readonly resources: readonly Json[];
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** Every statement of every policy. */
const statements: readonly Statement[] = Object.entries(template.findResources("AWS::IAM::Policy")).flatMap(
  ([policy, { Properties }]) =>
    list(Properties.PolicyDocument.Statement).flatMap((statement) =>
      isJsonObject(statement)
        ? [{ policy, actions: list(statement.Action).map(String), resources: list(statement.Resource) }]
        : [],
    ),
);

/** What a role may do, without where: "SyncRole: dynamodb:GetItem". */
function actionsOf(role: string): readonly string[] {
  const own = statements.filter(({ policy }) => policy.startsWith(role));
  return [...new Set(own.flatMap(({ actions }) => actions))].sort();
}

const logging = ["logs:CreateLogStream", "logs:PutLogEvents"];
const tracing = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
const store = [
  "dynamodb:BatchGetItem",
  "dynamodb:BatchWriteItem",
  "dynamodb:ConditionCheckItem",
  "dynamodb:DeleteItem",
  "dynamodb:DescribeTable",
  "dynamodb:GetItem",
  "dynamodb:PutItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];
const secret = ["secretsmanager:GetSecretValue"];
const usual = [...store, ...logging, ...secret, ...tracing];
const fromQueue = [
  "sqs:ChangeMessageVisibility",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
  "sqs:ReceiveMessage",
];

/** All that each role may do. A line more or less is a decision. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  BeginImportRole: usual,
  LookupSeriesRole: usual,
  UpsertSeriesRole: usual,
  UpsertBookRole: usual,
  CascadeRole: usual,
  FinishImportRole: usual,
  ApiImportRole: [...usual, "states:StartExecution"],
  ApiWebhookRole: [...usual, "sqs:SendMessage"],
  SyncRole: usual,
  QueueRole: [...usual, ...fromQueue],
  ImportMachineRole: [
    "lambda:InvokeFunction",
    "sqs:SendMessage",
    "states:StartExecution",
    ...Object.keys(wildcardReasons),
  ],
};

describe("the rights of the roles", () => {
  it.each(Object.entries(allowed))("%s may do this and nothing else", (role, actions) => {
    expect(actionsOf(role)).toEqual([...actions].sort().filter((each, at, all) => each !== all[at - 1]));
  });

  it("belong to the roles above, all of them", () => {
    const unknown = statements.filter(
      ({ policy }) => !Object.keys(allowed).some((role) => policy.startsWith(role)),
    );
    expect(unknown).toEqual([]);
  });

  it("are on everything only where Amazon offers nothing less, with the reason in the table", () => {
    const everywhere = statements.filter(({ resources }) =>
      resources.some((each) => JSON.stringify(each).includes("*")),
    );
    const actions = new Set(everywhere.flatMap((statement) => statement.actions));
    expect([...actions].filter((action) => wildcardReasons[action] === undefined)).toEqual([]);
    expect(statements.flatMap(({ actions: all }) => all).filter((action) => action.includes("*"))).toEqual(
      [],
    );
  });

  it("let each function read its own secrets, by their names", () => {
    for (const [name, { secrets }] of Object.entries(functionSpecs)) {
      const role = `${name
        .split("-")
        .map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`)
        .join("")}Role`;
      const own = statements.filter(
        ({ policy, actions }) => policy.startsWith(role) && actions.includes("secretsmanager:GetSecretValue"),
      );
      expect(own.flatMap(({ resources }) => resources)).toHaveLength(secrets.length);
    }
  });
});

describe("the tables", () => {
  it.each(["Series", "Books", "Sync"])(
    "Lockstep-%s-dev is kept, restorable, encrypted, and paid by use",
    (name) => {
      template.hasResource("AWS::DynamoDB::Table", {
        DeletionPolicy: "Retain",
        UpdateReplacePolicy: "Retain",
        Properties: Match.objectLike({
          TableName: `Lockstep-${name}-dev`,
          BillingMode: "PAY_PER_REQUEST",
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { SSEEnabled: true },
          KeySchema: [
            { AttributeName: "pk", KeyType: "HASH" },
            { AttributeName: "sk", KeyType: "RANGE" },
          ],
          TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
        }),
      });
    },
  );

  it("are three", () => template.resourceCountIs("AWS::DynamoDB::Table", 3));
});

describe("the API", () => {
  it("has five routes, all of them POST", () => {
    const routes = Object.values(template.findResources("AWS::ApiGatewayV2::Route"));
    expect(routes.map(({ Properties }) => Properties.RouteKey).sort()).toEqual([
      "POST /import",
      "POST /webhook/finished",
      "POST /webhook/github",
      "POST /webhook/notion",
      "POST /webhook/started",
    ]);
  });

  it("is throttled, and logs neither headers nor bodies", () => {
    template.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
      DefaultRouteSettings: Match.objectLike({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 }),
    });
    const [stage] = Object.values(template.findResources("AWS::ApiGatewayV2::Stage"));
    expect(JSON.stringify(stage?.Properties.AccessLogSettings)).not.toMatch(/header|body/i);
  });
});

describe("what runs", () => {
  it("is traced, logs for a month, and knows secrets by their names alone", () => {
    const functions = Object.values(template.findResources("AWS::Lambda::Function"));
    expect(functions).toHaveLength(Object.keys(functionSpecs).length);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
        TracingConfig: { Mode: "Active" },
        Environment: { Variables: { LOCKSTEP_STAGE: "dev", TZ: "UTC" } },
      });
      const { LOCKSTEP_SECRET_NAMES: names } = Properties.Environment.Variables;
      expect(String(names)).toMatch(/^([A-Z_]+=lockstep\/dev\/[a-z-]+ ?)+$/);
    }
    const logs = Object.values(template.findResources("AWS::Logs::LogGroup"));
    expect(logs.map(({ Properties }) => Properties.RetentionInDays)).toEqual(logs.map(() => 30));
  });

  it("computes series anew by a schedule that is there, and off; polls are off where no interval is given", () => {
    const rules = Object.values(template.findResources("AWS::Events::Rule")).map(
      ({ Properties }) => Properties,
    );
    expect(rules.map(({ Name, State }) => [Name, State]).sort()).toEqual([
      ["lockstep-dev-PollLibraryBooks", "DISABLED"],
      ["lockstep-dev-PollLibrarySeries", "DISABLED"],
      ["lockstep-dev-RecomputeSeries", "DISABLED"],
    ]);
  });

  it("takes messages of one sync in order, and gives up to dead letters that are kept", () => {
    template.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "lockstep-dev-syncs.fifo",
      FifoQueue: true,
      SqsManagedSseEnabled: true,
      RedrivePolicy: Match.objectLike({ maxReceiveCount: 6 }),
    });
    for (const name of ["lockstep-dev-syncs-dead.fifo", "lockstep-dev-imports-dead"])
      template.hasResource("AWS::SQS::Queue", {
        DeletionPolicy: "Retain",
        Properties: Match.objectLike({ QueueName: name }),
      });
  });

  it("alarms about what a person has to look at", () => {
    const alarms = Object.values(template.findResources("AWS::CloudWatch::Alarm"));
    expect(alarms.map(({ Properties }) => Properties.AlarmName).sort()).toEqual(
      [
        "BacklogAge",
        "ImportLetters",
        "ImportsFailed",
        "PermissionErrors",
        "RateLimited",
        "RunsFailed",
        "StepsFailed",
        "SyncLetters",
      ].map((name) => `lockstep-dev-${name}`),
    );
    template.resourceCountIs("AWS::CloudWatch::Dashboard", 1);
  });

  it("alarms when a sync fails again and again: three times within three hours", () => {
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      AlarmName: "lockstep-dev-RunsFailed",
      Period: 300,
      Threshold: 1,
      EvaluationPeriods: 36,
      DatapointsToAlarm: 3,
    });
  });
});

it("tells the API's address, the state machine and the tables", () => {
  const { Outputs } = template.toJSON();
  expect(Object.keys(Outputs).sort()).toEqual(
    ["ApiUrl", "BooksTableName", "SeriesTableName", "StateMachineArn", "SyncTableName"].sort(),
  );
});
