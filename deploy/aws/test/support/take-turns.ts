import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { systemClock } from "../../../../src/app/platform.ts";
import { createRateBudget } from "../../runtime/rate-budget.ts";

// One process of several that share a budget: takes turns, and tells when it had them.

const { ENDPOINT: endpoint = "", RATE: rate, TURNS: turns } = process.env;
const credentials = { accessKeyId: "dummy", secretAccessKey: "dummy" };
const client = new DynamoDBClient({ endpoint, region: "eu-central-1", credentials });
const budget = createRateBudget({
  client,
  table: "Lockstep-Sync-dev",
  key: "shared",
  ratePerMinute: Number(rate),
  clock: systemClock,
});
const take = async () => {
  const { settle } = await budget.admit();
  const at = Date.now();
  settle({ kind: "accepted" });
  return at;
};
const times = await Promise.all(Array.from({ length: Number(turns) }, take));
client.destroy();
process.stdout.write(JSON.stringify(times));
