import { describe, expect, it } from "vitest";
import { readEnvironment, withDatabaseUrls } from "../../src/config/environment.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { LockstepError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import { pipelinePairs } from "../../src/recipes/pipeline/config.ts";

const file = "/project/lockstep.config.json";
const database = "0123456789abcdef0123456789abcdef";

function pipelineIn(section: Json, more: { readonly [key: string]: Json } = {}) {
  const { pipeline } = resolveConfig({ ...more, pipeline: section }, file);
  if (pipeline === undefined) throw new Error("the section is gone");
  return pipeline;
}

describe("the section pipeline", () => {
  it("needs nothing but a place, and fills in the rest", () => {
    const pipeline = pipelineIn({ notion: { database } });
    expect(pipeline).toMatchObject({
      name: "pipeline",
      notion: { statusType: "select", links: {}, parentPageId: null },
      table: { url: { url: "sqlite:/project/tasks.db" }, isOwn: true, name: "tasks" },
      channelsFolder: "/project/channel_configs",
      pushSeconds: 60,
      pollSeconds: 60,
      heartbeatSeconds: 300,
      isCommenting: false,
      alertVariable: null,
    });
    expect(pipelinePairs(pipeline).map(({ name }) => name)).toEqual(["pipeline"]);
  });

  it("keeps the tasks in the store's database on Postgres", () => {
    const store = "postgres://me@db/team";
    expect(pipelineIn({ notion: { database } }, { store }).table.url).toEqual({ url: store });
  });

  it("has a sync for each kind of file that has a database", () => {
    const pipeline = pipelineIn({
      name: "films",
      notion: { database, links: { assets: database, audio: true } },
    });
    expect(pipelinePairs(pipeline).map(({ name, table }) => [name, table.name])).toEqual([
      ["films", "tasks"],
      ["films-assets", "task_assets"],
    ]);
  });

  it("has no sync before init has made the board", () => {
    expect(pipelinePairs(pipelineIn({ notion: { parentPage: database } }))).toEqual([]);
  });

  it("takes a table of the user's own by its columns", () => {
    const columns = { title: "name", channel: "show", topic: "about", status: "state" };
    const existing = { name: "videos", key: "nr", markerColumn: "page", columns };
    const { table } = pipelineIn({ notion: { database }, table: { url: { env: "DB" }, existing } });
    expect(table).toMatchObject({
      isOwn: false,
      key: "nr",
      columns: { ...columns, stage: null, priority: null },
    });
  });

  it.each([
    ["no place", { notion: {} }, "pipeline.notion: expected database, or parentPage"],
    ["an unknown key", { notion: { database }, pushSecond: 1 }, "pushSecond"],
    ["a move to nowhere", { notion: { database }, moves: { Draft: ["Nowhere"] } }, "pipeline.moves"],
    [
      "the store's own file",
      { notion: { database }, table: { url: "sqlite:lockstep.db" } },
      "another file than",
    ],
    [
      "links beside a table of one's own",
      {
        notion: { database, links: { assets: true } },
        table: {
          existing: {
            name: "t",
            key: "id",
            markerColumn: "m",
            columns: { title: "a", channel: "b", topic: "c", status: "d" },
          },
        },
      },
      "pipeline.notion.links",
    ],
  ])("is refused with %s", (_, section: Json, message) => {
    expect(() => pipelineIn(section)).toThrow(LockstepError);
    expect(() => pipelineIn(section)).toThrow(message);
  });

  it("is refused a name that another sync has", () => {
    const taken = {
      backup: { databases: [{ name: "pipeline", notionDatabaseId: database, projectScopeId: "a" }] },
    };
    expect(() => pipelineIn({ notion: { database } }, taken)).toThrow('"pipeline" is already used');
  });

  it("takes addresses from the variables that it names", () => {
    const section = {
      notion: { database },
      table: { url: { env: "TASKS" } },
      alerts: { webhookUrlEnv: "CHAT" },
    };
    const config = resolveConfig({ pipeline: section }, file);
    const variables = { TASKS: "postgres://me:pw@db/team", CHAT: "https://chat.example/hook" };
    expect(withDatabaseUrls(readEnvironment(variables).secrets, config, variables)).toMatchObject({
      databaseUrls: { TASKS: variables.TASKS },
      alertUrl: variables.CHAT,
    });
    const { secrets } = readEnvironment({});
    expect(() => withDatabaseUrls(secrets, config, { CHAT: "nowhere" })).toThrow("CHAT: expected an http");
  });
});
