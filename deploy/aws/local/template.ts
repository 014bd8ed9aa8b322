import { isJsonObject, type Json } from "../../../src/core/json.ts";

type JsonObject = { readonly [key: string]: Json };

/** A function as the synthesised template declares it. */
export interface DeclaredFunction {
  readonly logicalId: string;
  /** Of the handler: "upsert-book". */
  readonly name: string;
  readonly timeoutMs: number;
  readonly variables: Readonly<Record<string, string>>;
}

export interface DeclaredSchedule {
  /** "PollPlanning" */
  readonly name: string;
  readonly isEnabled: boolean;
  readonly function: string;
  /** What the function is given. */
  readonly event: Json;
}

export interface DeclaredMachine {
  readonly definition: JsonObject;
  /** The function that each Task state calls, by the state's name. */
  readonly functionByState: Readonly<Record<string, string>>;
  /** Task states that send a letter, or start the next execution. */
  readonly otherTasks: Readonly<Record<string, "letter" | "next">>;
}

/** What a template declares, with its references resolved to names of this machine. */
export class Template {
  private readonly resources: JsonObject;

  constructor(template: Json) {
    const resources = isJsonObject(template) ? template.Resources : null;
    if (!isJsonObject(resources)) throw new Error("the template has no resources");
    this.resources = resources;
  }

  functions(): readonly DeclaredFunction[] {
    return this.ofType("AWS::Lambda::Function").map(([logicalId, { FunctionName, Timeout, Environment }]) => {
      const variables = isJsonObject(Environment) ? (Environment.Variables ?? {}) : {};
      return {
        logicalId,
        name: String(FunctionName).replace(/^lockstep-[a-z0-9]+-/, ""),
        timeoutMs: Number(Timeout) * 1_000,
        variables: Object.fromEntries(
          Object.entries(isJsonObject(variables) ? variables : {}).map(([name, value]) => [
            name,
            textOf(value),
          ]),
        ),
      };
    });
  }

  schedules(): readonly DeclaredSchedule[] {
    return this.ofType("AWS::Events::Rule").map(([, { Name, State, Targets }]) => {
      const [target] = Array.isArray(Targets) ? Targets : [];
      if (!isJsonObject(target)) throw new Error(`${String(Name)} calls nothing`);
      return {
        name: String(Name).replace(/^lockstep-[a-z0-9]+-/, ""),
        isEnabled: State === "ENABLED",
        function: this.functionAt(textOf(target.Arn)),
        event: JSON.parse(textOf(target.Input)),
      };
    });
  }

  /** The function that answers each route of the API, by its key: "POST /import". */
  routes(): ReadonlyMap<string, string> {
    const integrations = new Map(
      this.ofType("AWS::ApiGatewayV2::Integration").map(([id, { IntegrationUri }]) => [
        `integrations/local:${id}`,
        this.functionAt(textOf(IntegrationUri)),
      ]),
    );
    return new Map(
      this.ofType("AWS::ApiGatewayV2::Route").map(([, { RouteKey, Target }]) => [
        String(RouteKey),
        integrations.get(textOf(Target)) ?? "",
      ]),
    );
  }

  machine(): DeclaredMachine {
    const [declared] = this.ofType("AWS::StepFunctions::StateMachine");
    if (declared === undefined) throw new Error("the template has no state machine");
    const definition: Json = JSON.parse(textOf(declared[1].DefinitionString));
    if (!isJsonObject(definition)) throw new Error("the state machine has no definition");
    const nameByArn = this.namesByArn();
    const functionByState: Record<string, string> = {};
    const otherTasks: Record<string, "letter" | "next"> = {};
    for (const [state, { Resource }] of tasksIn(definition)) {
      const name = nameByArn.get(String(Resource));
      if (name !== undefined) functionByState[state] = name;
      else if (String(Resource).endsWith(":sqs:sendMessage")) otherTasks[state] = "letter";
      else if (String(Resource).endsWith(":states:startExecution")) otherTasks[state] = "next";
      else throw new Error(`nothing here stands in for ${String(Resource)}`);
    }
    return { definition, functionByState, otherTasks };
  }

  ofType(type: string): readonly (readonly [string, JsonObject])[] {
    return Object.entries(this.resources).flatMap(([id, resource]) =>
      isJsonObject(resource) && resource.Type === type && isJsonObject(resource.Properties)
        ? [[id, resource.Properties] as const]
        : [],
    );
  }

  private namesByArn(): ReadonlyMap<string, string> {
    return new Map(this.functions().map(({ logicalId, name }) => [arnOf(logicalId), name]));
  }

  private functionAt(arn: string): string {
    const name = this.namesByArn().get(arn);
    if (name === undefined) throw new Error(`the template has no function ${arn}`);
    return name;
  }
}

/** Those of a machine and of the machines inside its states. */
export function* tasksIn(machine: JsonObject): Generator<readonly [string, JsonObject]> {
  const { States } = machine;
  for (const [name, state] of Object.entries(isJsonObject(States) ? States : {})) {
    if (!isJsonObject(state)) continue;
    if (state.Type === "Task") yield [name, state];
    for (const inner of [state.ItemProcessor, state.Iterator]) if (isJsonObject(inner)) yield* tasksIn(inner);
  }
}

function arnOf(logicalId: string): string {
  return `arn:aws:lambda:eu-central-1:123456789012:function:${logicalId}`;
}

/** A text of a template, with what Amazon would fill in at deployment. */
function textOf(value: Json | undefined): string {
  if (!isJsonObject(value)) return String(value ?? "");
  const { Ref, "Fn::GetAtt": attribute, "Fn::Join": join, "Fn::Sub": _ } = value;
  if (Array.isArray(attribute)) return arnOf(String(attribute[0]));
  if (Array.isArray(join) && Array.isArray(join[1])) return join[1].map(textOf).join(String(join[0]));
  switch (Ref) {
    case "AWS::Partition":
      return "aws";
    case "AWS::Region":
      return "eu-central-1";
    case "AWS::AccountId":
      return "123456789012";
    default:
      return `local:${String(Ref)}`;
  }
}
