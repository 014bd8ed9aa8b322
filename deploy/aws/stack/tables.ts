import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import {
  type TableRole,
  tableDefinitions,
  tableName,
  tableRoles,
} from "../../../src/store/dynamodb/tables.ts";

export type Tables = Readonly<Record<TableRole, Table>>;

/** The tables as the store itself defines them. Kept when the stack is removed, with every minute of the last 35 days. */
export function addTables(scope: Construct, stage: string): Tables {
  const made = tableRoles.map((role) => [role, addTable(scope, role, stage)] as const);
  return Object.fromEntries(made) as Tables;
}

function addTable(scope: Construct, role: TableRole, stage: string): Table {
  const { partitionKey, sortKey, localIndexes, timeToLiveAttribute } = tableDefinitions[role];
  const text = (name: string) => ({ name, type: AttributeType.STRING });
  const table = new Table(scope, `${role[0]?.toUpperCase()}${role.slice(1)}Table`, {
    tableName: tableName(role, stage),
    partitionKey: text(partitionKey),
    sortKey: text(sortKey),
    timeToLiveAttribute,
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    encryption: TableEncryption.AWS_MANAGED,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  for (const { name, sortKey: second } of localIndexes)
    table.addLocalSecondaryIndex({
      indexName: name,
      sortKey: text(second),
      projectionType: ProjectionType.KEYS_ONLY,
    });
  return table;
}
