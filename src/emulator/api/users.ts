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
  const users = [...state.users.values()];
  const reader = { information, ownBotId: call.connection.botId };
  return listPage(call, {
    subject: "users",
    type: "user",
    items: () => [
      ...users.filter(({ type }) => type === "person").map(({ id }) => id),
      ...users.filter(({ type }) => type === "bot").map(({ id }) => id),
    ],
    render: (id) => {
      const user = state.users.get(String(id));
      return user === undefined ? null : renderKnownUser(state, user, reader);
    },
  });
}

/** GET /users/{id} */
export function retrieveUser(call: Call): JsonObject {
  const information = requireUserInformation(call);
  const id = pathId(call.params.user_id, "user_id");
  const user = call.state.users.get(id);
  if (user === undefined) throw notFound("user", id, call.connection);
  return renderKnownUser(call.state, user, { information, ownBotId: call.connection.botId });
}

/** GET /users/me: every connection may ask who it is. */
export function retrieveMe(call: Call): JsonObject {
  const bot = call.state.users.get(call.connection.botId);
  if (bot === undefined) throw notFound("user", call.connection.botId, call.connection);
  return renderKnownUser(call.state, bot, { information: "with_email", ownBotId: bot.id });
}

function requireUserInformation({ connection }: Call): "without_email" | "with_email" {
  const information = connection.capabilities.userInformation;
  if (information === "none") throw restricted();
  return information;
}
