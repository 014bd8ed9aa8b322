import {
  type Actor,
  addChild,
  createPage,
  deletePage,
  movePage,
  touch,
  updatePage,
} from "../operations/pages.ts";
import { dataSourceOf, type Page, type Parent, type State } from "../state/state.ts";
import { dataSourceAt, pageAt, parentAt, personActor, setTrash, toMs } from "./lookup.ts";
import type { By, NewRow, Workspace } from "./workspace.ts";

type PageControls = Pick<
  Workspace,
  | "createPage"
  | "addRows"
  | "editPage"
  | "trashPage"
  | "restorePage"
  | "deletePage"
  | "archivePage"
  | "unarchivePage"
  | "movePage"
>;

export function pageControls(state: State): PageControls {
  const setArchived = (pageId: string, isArchived: boolean, by: By | undefined): void => {
    const page = pageAt(state, pageId);
    page.isArchived = isArchived;
    touch(state, page, personActor(state, by));
  };
  return {
    createPage: ({ parent, ...row }) => makeRow(state, parentAt(state, parent), row).id,
    addRows: (dataSourceId, count, make) => {
      const parent: Parent = { type: "data_source_id", id: dataSourceAt(state, dataSourceId).id };
      return Array.from({ length: count }, (_, index) => makeRow(state, parent, make(index)).id);
    },
    editPage: (pageId, { at, by, ...change }) =>
      updatePage(state, pageAt(state, pageId), {
        ...change,
        actor: personActor(state, {
          ...(at === undefined ? {} : { at }),
          ...(by === undefined ? {} : { by }),
        }),
      }),
    trashPage: (pageId, by) => setTrash(state, pageAt(state, pageId), { inTrash: true, by }),
    restorePage: (pageId, by) => setTrash(state, pageAt(state, pageId), { inTrash: false, by }),
    deletePage: (pageId) => deletePage(state, pageAt(state, pageId)),
    archivePage: (pageId, by) => setArchived(pageId, true, by),
    unarchivePage: (pageId, by) => setArchived(pageId, false, by),
    movePage: (pageId, parent, by) =>
      movePage(state, pageAt(state, pageId), {
        parent: parentAt(state, parent),
        actor: personActor(state, by),
      }),
  };
}

function makeRow(state: State, parent: Parent, row: NewRow): Page {
  const createdAt = row.createdAt === undefined ? state.now() : toMs(row.createdAt);
  const author: Actor = {
    ...personActor(state, row.createdBy === undefined ? {} : { by: row.createdBy }),
    at: createdAt,
  };
  const page = createPage(
    state,
    { parent, properties: row.properties ?? {}, icon: row.icon, cover: row.cover },
    author,
  );
  page.editedAt = row.editedAt === undefined ? createdAt : toMs(row.editedAt);
  page.editedBy = row.editedBy ?? author.userId;
  dataSourceOf(state, page)?.rows.edited();
  if (parent.type !== "data_source_id") addChild(state, page);
  return page;
}
