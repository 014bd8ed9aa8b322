import { randomBytes } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { describeStore, type OpenStore } from "../../src/store/store.suite.ts";
import { describePairs } from "../../src/store/suite/pairs.suite.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const open: OpenStore = ({ ids }) =>
  openPostgresStore({ url: database.url, ids, schema: `case_${randomBytes(4).toString("hex")}` });

describeStore("postgres store", open);
describePairs("pairs of a postgres store", open);
