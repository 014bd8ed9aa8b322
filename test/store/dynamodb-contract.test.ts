import { systemClock } from "../../src/app/platform.ts";
import { openDynamoStore } from "../../src/store/dynamodb/open.ts";
import { describeStore, type OpenStore } from "../../src/store/store.suite.ts";
import { describeCollections } from "../../src/store/suite/collections.suite.ts";
import { describePairs } from "../../src/store/suite/pairs.suite.ts";
import { createStage } from "../support/dynamodb.ts";

const open: OpenStore = async ({ ids }) =>
  openDynamoStore({ url: await createStage(), ids, clock: systemClock });

describeStore("DynamoDB store", open);
describeCollections("collections of a DynamoDB store", open);
describePairs("pairs of a DynamoDB store", open);
