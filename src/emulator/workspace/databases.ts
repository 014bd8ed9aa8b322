import { createDatabase, createDataSource } from "../operations/data-sources.ts";
import { tellCreated } from "../operations/tell.ts";
import type { Parent, State } from "../state/state.ts";
import { type ActorOf, databaseAt, pageAt, putInTrash } from "./lookup.ts";
import type { Workspace } from "./workspace.ts";

type DatabaseControls = Pick<
  Workspace,
  "createDatabase" | "addDataSource" | "trashDatabase" | "restoreDatabase"
>;

export function databaseControls(state: State, actorOf: ActorOf): DatabaseControls {
  const addSource: Workspace["addDataSource"] = (databaseId, { name, properties, ...by }) => {
    const { id } = databaseAt(state, databaseId);
    return createDataSource(state, { databaseId: id, title: name, icon: null, properties }, actorOf(by)).id;
  };
  return {
    createDatabase: ({ title, pageId, dataSources, ...by }) => {
      const parent: Parent =
        pageId === undefined ? { type: "workspace" } : { type: "page_id", id: pageAt(state, pageId).id };
      const empty = { description: "", icon: null, cover: null, isInline: false };
      const database = createDatabase(state, { parent, title, ...empty }, actorOf(by));
      const sources = dataSources ?? [{ name: title, properties: {} }];
      const dataSourceIds = sources.map((source) => addSource(database.id, { ...source, ...by }));
      tellCreated(state, database, actorOf(by));
      return { databaseId: database.id, dataSourceIds };
    },
    addDataSource: addSource,
    trashDatabase: (databaseId, by) =>
      putInTrash(state, databaseAt(state, databaseId), { inTrash: true, actor: actorOf(by) }),
    restoreDatabase: (databaseId, by) =>
      putInTrash(state, databaseAt(state, databaseId), { inTrash: false, actor: actorOf(by) }),
  };
}
