import { usualId } from "../api/input.ts";
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
import { type ActorOf, dataSourceAt, pageAt, parentAt, putInTrash, toMs } from "./lookup.ts";
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

export function pageControls(state: State, actorOf: ActorOf): PageControls {
  const setArchived = (pageId: string, isArchived: boolean, by: By | undefined): void => {
    const page = pageAt(state, pageId);
    page.isArchived = isArchived;
    touch(state, page, actorOf(by));
  };
  return {
    createPage: ({ parent, ...row }) => makeRow(state, { parent: parentAt(state, parent), actorOf }, row).id,
    addRows: (dataSourceId, count, make) => {
      const parent: Parent = { type: "data_source_id", id: dataSourceAt(state, dataSourceId).id };
      return Array.from({ length: count }, (_, index) => makeRow(state, { parent, actorOf }, make(index)).id);
    },
    editPage: (pageId, { at, by, ...change }) =>
      updatePage(state, pageAt(state, pageId), {
        ...change,
        actor: actorOf({ at, by }),
      }),
    trashPage: (pageId, by) =>
      putInTrash(state, pageAt(state, pageId), { inTrash: true, actor: actorOf(by) }),
    restorePage: (pageId, by) =>
      putInTrash(state, pageAt(state, pageId), { inTrash: false, actor: actorOf(by) }),
    deletePage: (pageId, by) => deletePage(state, pageAt(state, pageId), actorOf(by)),
    archivePage: (pageId, by) => setArchived(pageId, true, by),
    unarchivePage: (pageId, by) => setArchived(pageId, false, by),
    movePage: (pageId, parent, by) =>
      movePage(state, pageAt(state, pageId), {
        parent: parentAt(state, parent),
        actor: actorOf(by),
      }),
  };
}

function makeRow(
  state: State,
  { parent, actorOf }: { readonly parent: Parent; readonly actorOf: ActorOf },
  row: NewRow,
): Page {
  const author: Actor = actorOf({ at: row.createdAt, by: row.createdBy });
  const page = createPage(
    state,
    { parent, properties: row.properties ?? {}, icon: row.icon, cover: row.cover },
    author,
  );
  page.editedAt = row.editedAt === undefined ? author.at : toMs(row.editedAt);
  page.editedBy = row.editedBy === undefined ? author.userId : usualId(row.editedBy);
  dataSourceOf(state, page)?.rows.edited();
  if (parent.type !== "data_source_id") addChild(state, page);
  return page;
}
