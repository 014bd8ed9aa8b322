import { notFound, restricted } from "../http/errors.ts";
import type { JsonObject } from "../json.ts";
import { renderKnownUser } from "../values/users.ts";
import type { Call } from "./call.ts";
import { pathId } from "./input.ts";
import { listPage } from "./list.ts";

/** GET /users */
export function listUsers(call: Call): JsonObject {
  const { state } = call;
  const information = requireUserInformation(call);
  const subject = "users";
  const ids = [...state.users.keys()].filter((id) => isListedUser(id, call));
  return listPage(call, {
    subject,
    type: "user",
    items: () => ids,
    render: (id) => {
      const user = state.users.get(String(id));
      return user === undefined ? null : renderKnownUser(state, user, information);
    },
  });
}

/** Other connections' bots are not listed, only people and the bot itself. */
function isListedUser(id: string, { state, connection }: Call): boolean {
  return state.users.get(id)?.type === "person" || id === connection.botId;
}

/** GET /users/{id} */
export function retrieveUser(call: Call): JsonObject {
  const information = requireUserInformation(call);
  const id = pathId(call.params["user_id"], "user_id");
  const user = call.state.users.get(id);
  if (user === undefined) throw notFound("user", id, call.connection);
  return renderKnownUser(call.state, user, information);
}

/** GET /users/me: every connection may ask who it is. */
export function retrieveMe(call: Call): JsonObject {
  const bot = call.state.users.get(call.connection.botId);
  if (bot === undefined) throw notFound("user", call.connection.botId, call.connection);
  return renderKnownUser(call.state, bot, "with_email");
}

function requireUserInformation({ connection }: Call): "without_email" | "with_email" {
  const information = connection.capabilities.userInformation;
  if (information === "none") throw restricted();
  return information;
}
