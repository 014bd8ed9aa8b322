import { RemovalPolicy } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { FunctionName, Functions } from "./functions.ts";

/** Bursts of webhooks come by the dozen, and every one of them is one write. Imports are few. */
const throttle = { rateLimit: 50, burstLimit: 100 };

/** Who answers what. Each proves by itself who sends: by the body's signature, which no authorizer sees, or a token. */
export const routes: Readonly<Record<string, FunctionName>> = {
  "/import": "api-import",
  "/webhook/started": "api-webhook",
  "/webhook/finished": "api-webhook",
  "/webhook/notion": "api-webhook",
  "/webhook/github": "api-webhook",
};

export function addApi(scope: Construct, stage: string, functions: Functions): HttpStage {
  const api = new HttpApi(scope, "Api", { apiName: `lockstep-${stage}`, createDefaultStage: false });
  const integrations = new Map<FunctionName, HttpLambdaIntegration>();
  for (const [path, name] of Object.entries(routes)) {
    const integration =
      integrations.get(name) ?? new HttpLambdaIntegration(`${name}-integration`, functions[name]);
    integrations.set(name, integration);
    api.addRoutes({ path, methods: [HttpMethod.POST], integration });
  }
  const logGroup = new LogGroup(scope, "ApiLog", {
    logGroupName: `/aws/vendedlogs/lockstep-${stage}-api`,
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new HttpStage(scope, "ApiStage", {
    httpApi: api,
    stageName: "$default",
    autoDeploy: true,
    throttle,
    detailedMetricsEnabled: true,
    accessLogSettings: {
      destination: new LogGroupLogDestination(logGroup),
      // No header and no body: they carry proofs.
      format: AccessLogFormat.custom(
        JSON.stringify({
          at: "$context.requestTime",
          route: "$context.routeKey",
          status: "$context.status",
          ms: "$context.responseLatency",
          ip: "$context.identity.sourceIp",
          id: "$context.requestId",
        }),
      ),
    },
  });
}
