import { type Stack, Validations } from "aws-cdk-lib";

interface Finding {
  readonly id: string;
  readonly reason: string;
}

/** What cdk-nag finds and what stays so, each with its reason. Anything else fails the synthesis. */
export const acceptedFindings: readonly Finding[] = [
  {
    id: "AwsSolutions::AwsSolutions-APIG4",
    reason:
      "Deliveries prove themselves by a signature over the body, which no authorizer gets to see; an import by a bearer " +
      "token, compared in constant time by the handler. Both refuse before anything is read or written.",
  },
  {
    id: "AwsSolutions::AwsSolutions-SMG4",
    reason:
      "Tokens of Notion and GitHub are given out by hand on their sites; nothing can rotate them by itself.",
  },
  {
    id: "AwsSolutions::AwsSolutions-SQS3",
    reason: "This queue is the place for dead letters: the state machine sends them itself.",
  },
  {
    id: "AwsSolutions::AwsSolutions-IAM5[Resource::*]",
    reason: "Actions that Amazon offers for all resources only: see wildcardReasons and networkReasons.",
  },
];

/** Every action that the state machine and tracing are allowed on "*", and why it cannot be on less. */
export const wildcardReasons: Readonly<Record<string, string>> = {
  "xray:PutTraceSegments":
    "X-Ray has no resources: https://docs.aws.amazon.com/xray/latest/devguide/security_iam_service-with-iam.html",
  "xray:PutTelemetryRecords": "X-Ray has no resources.",
  "xray:GetSamplingRules": "X-Ray has no resources for it.",
  "xray:GetSamplingTargets": "X-Ray has no resources for it.",
  "logs:CreateLogDelivery":
    "Log delivery of Step Functions: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
  "logs:GetLogDelivery": "Log delivery has no resources.",
  "logs:UpdateLogDelivery": "Log delivery has no resources.",
  "logs:DeleteLogDelivery": "Log delivery has no resources.",
  "logs:ListLogDeliveries": "Log delivery has no resources.",
  "logs:PutResourcePolicy": "Log delivery has no resources.",
  "logs:DescribeResourcePolicies": "Log delivery has no resources.",
  "logs:DescribeLogGroups": "Log delivery has no resources.",
};

/** What Lambda does in a network, allowed on "*" by the functions that are in one. */
export const networkReasons: Readonly<Record<string, string>> = {
  "ec2:CreateNetworkInterface": "The interface is not there yet, and its subnets are said in the function.",
  "ec2:DescribeNetworkInterfaces": "Describing has no resources.",
  "ec2:DescribeSubnets": "Describing has no resources.",
  "ec2:DeleteNetworkInterface": "Which interfaces Lambda makes, nobody knows before.",
  "ec2:AssignPrivateIpAddresses": "Which interfaces Lambda makes, nobody knows before.",
  "ec2:UnassignPrivateIpAddresses": "Which interfaces Lambda makes, nobody knows before.",
};

export function acceptFindings(stack: Stack): void {
  for (const finding of acceptedFindings) Validations.of(stack).acknowledge(finding);
}
