import { join } from "node:path";
import { Duration, RemovalPolicy, SecretValue, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as Lambda, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { tableDefinitions, tableRoles } from "../../../src/store/dynamodb/tables.ts";
import { type SecretVariable, secretName, secretVariables } from "../runtime/secret-names.ts";
import { secretNamesVariable, unsetSecret } from "../runtime/variables.ts";
import type { StageSettings } from "../settings.ts";
import { placeInNetwork } from "./network.ts";
import type { Tables } from "./tables.ts";

/** By their variables. */
export type Secrets = ReadonlyMap<string, Secret>;

interface FunctionSpec {
  readonly secrets: readonly SecretVariable[];
  readonly timeout: Duration;
  readonly memoryMb: number;
}

const step = { secrets: ["NOTION_TOKEN"], timeout: Duration.minutes(2), memoryMb: 512 } as const;
const long = { timeout: Duration.minutes(15), memoryMb: 1_024 } as const;
const door = { timeout: Duration.seconds(28), memoryMb: 512 } as const;

/** What each handler may read, and how long it may take. */
export const functionSpecs = {
  "begin-import": { ...step, ...long },
  "lookup-series": step,
  "upsert-series": step,
  "upsert-book": step,
  cascade: step,
  "finish-import": { ...step, ...long },
  "api-import": { ...door, secrets: ["LOCKSTEP_ADMIN_TOKEN"] },
  "api-webhook": {
    ...door,
    secrets: ["NOTION_WEBHOOK_SECRET", "GITHUB_WEBHOOK_SECRET", "LOCKSTEP_LIBRARY_WEBHOOK_SECRET"],
  },
  sync: { ...long, secrets: ["NOTION_TOKEN", "GITHUB_TOKEN"] },
  queue: { ...long, secrets: ["NOTION_TOKEN", "GITHUB_TOKEN"] },
} as const satisfies Record<string, FunctionSpec>;

export type FunctionName = keyof typeof functionSpecs;
export type Functions = Readonly<Record<FunctionName, Lambda>>;

export function addSecrets(scope: Construct, { stage, ownSecrets }: StageSettings): Secrets {
  const made = [...secretVariables, ...ownSecrets].map((variable) => {
    const secret = new Secret(scope, `${pascal(variable)}Secret`, {
      secretName: secretName(stage, variable),
      description: `${variable} of Lockstep, stage ${stage}. "unset" until somebody fills it in.`,
      // No secret: what stands there until there is one. A generated value would be taken for real.
      secretStringValue: SecretValue.unsafePlainText(unsetSecret),
    });
    return [variable, secret] as const;
  });
  return new Map(made);
}

/** These run syncs, and so they alone reach databases. */
const runsSyncs: ReadonlySet<FunctionName> = new Set(["sync", "queue"]);

/** What a function reads: of a stage's own, what proves deliveries at the door, and the rest where syncs are run. */
function secretsOf(name: FunctionName, { ownSecrets }: StageSettings): readonly string[] {
  const own = ownSecrets.filter((variable) =>
    variable.includes("_WEBHOOK_SECRET") ? name === "api-webhook" : runsSyncs.has(name),
  );
  return [...functionSpecs[name].secrets, ...own];
}

export interface FunctionParts {
  readonly settings: StageSettings;
  readonly tables: Tables;
  readonly secrets: Secrets;
  readonly bundlesFolder: string;
}

/** One function for each handler, each with a role of its own that allows what it needs. */
export function addFunctions(scope: Construct, parts: FunctionParts): Functions {
  const names = Object.keys(functionSpecs) as FunctionName[];
  return Object.fromEntries(names.map((name) => [name, addFunction(scope, name, parts)])) as Functions;
}

function addFunction(
  scope: Construct,
  name: FunctionName,
  { settings, tables, secrets, bundlesFolder }: FunctionParts,
) {
  const { stage, timeZone } = settings;
  const spec: FunctionSpec = functionSpecs[name];
  const functionName = `lockstep-${stage}-${name}`;
  const logGroup = new LogGroup(scope, `${pascal(name)}Log`, {
    logGroupName: `/aws/lambda/${functionName}`,
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, `${pascal(name)}Role`, {
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
  });
  logGroup.grantWrite(role);
  const read = [...secrets].filter(([variable]) => secretsOf(name, settings).includes(variable));
  for (const [, { secretArn }] of read)
    role.addToPolicy(allow(["secretsmanager:GetSecretValue"], [secretArn]));
  role.addToPolicy(allow(storeActions, tableArns(tables)));
  const lambda = new Lambda(scope, pascal(name), {
    functionName,
    role,
    logGroup,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: "index.handler",
    code: Code.fromAsset(join(bundlesFolder, name)),
    timeout: spec.timeout,
    memorySize: spec.memoryMb,
    tracing: Tracing.ACTIVE,
    environment: {
      LOCKSTEP_STAGE: stage,
      TZ: timeZone,
      NODE_OPTIONS: "--enable-source-maps",
      [secretNamesVariable]: read.map(([variable]) => `${variable}=${secretName(stage, variable)}`).join(" "),
    },
  });
  if (settings.network !== null && runsSyncs.has(name)) placeInNetwork(lambda, role, settings.network);
  return lambda;
}

/** What the store does with its tables. It never deletes one, and never reads one from end to end. */
const storeActions = [
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

function tableArns(tables: Tables): readonly string[] {
  return tableRoles.flatMap((role) => {
    const { tableArn } = tables[role];
    const indexes = tableDefinitions[role].localIndexes.map(({ name }) => `${tableArn}/index/${name}`);
    return [tableArn, ...indexes];
  });
}

export function allow(actions: readonly string[], resources: readonly string[]): PolicyStatement {
  return new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources] });
}

/** "upsert-book" and "NOTION_TOKEN" as constructs are called. */
export function pascal(name: string): string {
  const words = name.toLowerCase().split(/[-_]/);
  return words.map((word) => `${word[0]?.toUpperCase() ?? ""}${word.slice(1)}`).join("");
}

/** The account and region, as ARNs spell them. */
export function placeOf(scope: Construct): { readonly region: string; readonly account: string } {
  const { region, account } = Stack.of(scope);
  return { region, account };
}
