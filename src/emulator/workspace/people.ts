import { usualId } from "../api/input.ts";
import type { Capabilities, Connection, State } from "../state/state.ts";
import { connectionAt, entityAt } from "./lookup.ts";
import type { NewConnection, Workspace } from "./workspace.ts";

type PeopleControls = Pick<
  Workspace,
  "addPerson" | "addConnection" | "revokeToken" | "share" | "unshare" | "publish"
>;

export function peopleControls(state: State): PeopleControls {
  return {
    addPerson: ({ id: wanted, name, email }) => {
      const id = wanted === undefined ? state.random.uuid() : usualId(wanted);
      state.users.set(id, { id, type: "person", name, email: email ?? null, avatarUrl: null });
      return id;
    },
    addConnection: (connection) => {
      const { token, botId } = addConnection(state, connection);
      return { token, botId };
    },
    revokeToken: (token) => {
      state.connections.delete(token);
    },
    share: (id, token) => {
      connectionAt(state, token).grants.set(entityAt(state, id).id, true);
    },
    unshare: (id, token) => {
      connectionAt(state, token).grants.set(entityAt(state, id).id, false);
    },
    publish: (id, site) => {
      const published = entityAt(state, id);
      state.published.set(published.id, { id: published.id, site });
    },
  };
}

const allCapabilities: Capabilities = {
  readContent: true,
  updateContent: true,
  insertContent: true,
  readComments: true,
  insertComments: true,
  userInformation: "with_email",
};

export function addConnection(state: State, connection: NewConnection): Connection {
  const botId = state.random.uuid();
  const made: Connection = {
    name: connection.name,
    token: connection.token ?? `ntn_emulator_${state.random.token(20)}`,
    botId,
    capabilities: { ...allCapabilities, ...connection.capabilities },
    isPersonal: connection.isPersonal ?? false,
    seesWorkspace: connection.seesWorkspace ?? false,
    grants: new Map(),
  };
  state.users.set(botId, { id: botId, type: "bot", name: connection.name, email: null, avatarUrl: null });
  state.connections.set(made.token, made);
  return made;
}
