import { Effect, PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { CfnFunction, type Function as Lambda } from "aws-cdk-lib/aws-lambda";
import type { StageSettings } from "../settings.ts";
import { networkReasons } from "./findings.ts";
import { allow, placeOf } from "./functions.ts";

/**
 * Puts a function into the stage's network, where it reaches a database that the internet does not. Lambda makes the interfaces
 * there with the function's role; the function's own code may not:
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
export function placeInNetwork(
  lambda: Lambda,
  role: Role,
  { subnetIds, securityGroupIds }: NonNullable<StageSettings["network"]>,
): void {
  const resource = lambda.node.defaultChild;
  if (!(resource instanceof CfnFunction)) throw new Error("a function is made of something else");
  resource.vpcConfig = { subnetIds: [...subnetIds], securityGroupIds: [...securityGroupIds] };
  const actions = Object.keys(networkReasons);
  const { region, account } = placeOf(lambda);
  role.addToPolicy(allow(actions, ["*"]));
  role.addToPolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions,
      resources: ["*"],
      conditions: {
        ArnEquals: {
          "lambda:SourceFunctionArn": `arn:aws:lambda:${region}:${account}:function:${resource.functionName ?? ""}`,
        },
      },
    }),
  );
}
