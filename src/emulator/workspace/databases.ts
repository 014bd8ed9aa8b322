import { createDatabase, createDataSource } from "../operations/data-sources.ts";
import type { Parent, State } from "../state/state.ts";
import { databaseAt, pageAt, personActor, setTrash } from "./lookup.ts";
import type { Workspace } from "./workspace.ts";

type DatabaseControls = Pick<
  Workspace,
  "createDatabase" | "addDataSource" | "trashDatabase" | "restoreDatabase"
>;

export function databaseControls(state: State): DatabaseControls {
  const addSource: Workspace["addDataSource"] = (databaseId, { name, properties, ...by }) => {
    const { id } = databaseAt(state, databaseId);
    return createDataSource(
      state,
      { databaseId: id, title: name, icon: null, properties },
      personActor(state, by),
    ).id;
  };
  return {
    createDatabase: ({ title, pageId, dataSources, ...by }) => {
      const parent: Parent =
        pageId === undefined ? { type: "workspace" } : { type: "page_id", id: pageAt(state, pageId).id };
      const empty = { description: "", icon: null, cover: null, isInline: false };
      const database = createDatabase(state, { parent, title, ...empty }, personActor(state, by));
      const sources = dataSources ?? [{ name: title, properties: {} }];
      return {
        databaseId: database.id,
        dataSourceIds: sources.map((source) => addSource(database.id, { ...source, ...by })),
      };
    },
    addDataSource: addSource,
    trashDatabase: (databaseId, by) => setTrash(state, databaseAt(state, databaseId), { inTrash: true, by }),
    restoreDatabase: (databaseId, by) =>
      setTrash(state, databaseAt(state, databaseId), { inTrash: false, by }),
  };
}
