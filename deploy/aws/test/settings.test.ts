import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { readStage, StageError } from "../settings.ts";

const library = { notion: { series: "1".repeat(32), books: "2".repeat(32) } };
const network = { subnetIds: ["subnet-0123456789abcdef0"], securityGroupIds: ["sg-0123456789abcdef0"] };
const pipeline = (url: Json) => ({ notion: { database: "3".repeat(32) }, table: { url } });

interface Refused {
  readonly what: string;
  readonly stage?: string;
  readonly dev: Json;
  readonly says: RegExp;
}

describe("a stage of cdk.json", () => {
  it("is in no network, polls nothing and keeps no further secrets unless it says so", () => {
    expect(readStage("dev", { dev: { config: { library } } })).toMatchObject({
      stage: "dev",
      timeZone: "UTC",
      polls: {},
      recomputes: false,
      network: null,
      ownSecrets: [],
      written: { library, store: "dynamodb:dev" },
    });
  });

  it.each<Refused>([
    {
      what: "it is not there",
      stage: "prod",
      dev: { config: { library } },
      says: /no stage "prod"; it has: dev/,
    },
    { what: "its name fits no resource", stage: "Dev_1", dev: {}, says: /small letters/ },
    { what: "it has a key that nobody knows", dev: { config: { library }, poll: {} }, says: /poll/ },
    {
      what: "it names a store",
      dev: { config: { library, store: "sqlite:x.db" } },
      says: /leave "store" out/,
    },
    {
      what: "it polls what it does not have",
      dev: { config: { library }, polls: { planning: 15 } },
      says: /polls "planning", and has: library-series, library-books/,
    },
    {
      what: "an address stands in its configuration",
      dev: { config: { pipeline: pipeline("sqlite:tasks.db") } },
      says: /name the variable/,
    },
    {
      what: "its network has no database to reach",
      dev: { config: { library }, network },
      says: /no database to reach/,
    },
    {
      what: "its network is called by a name",
      dev: {
        config: { pipeline: pipeline({ env: "TASKS_URL" }) },
        network: { ...network, subnetIds: ["private"] },
      },
      says: /subnetIds/,
    },
  ])("is refused when $what", ({ stage = "dev", dev, says }) => {
    const reading = () => readStage(stage, { dev });
    expect(reading).toThrow(StageError);
    expect(reading).toThrow(says);
  });
});
