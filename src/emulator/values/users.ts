import type { JsonObject } from "../json.ts";
import type { Capabilities, State, User } from "../state/state.ts";

const uploadBytesMax = 5_242_880;

/** The short form: author fields of pages, blocks and data sources. */
export function partialUser(id: string): JsonObject {
  return { object: "user", id };
}

/** The full form inside property values and texts, as far as the reader may see people; an unknown user stays partial. Groups too. */
export function renderUser(
  state: State,
  id: string,
  information: Capabilities["userInformation"] = "with_email",
): JsonObject {
  const group = state.groups.get(id);
  if (group !== undefined) return { object: "group", id, name: group.name };
  const user = state.users.get(id);
  return user === undefined || information === "none"
    ? partialUser(id)
    : renderKnownUser(state, user, { information, ownBotId: null });
}

export interface UserReader {
  readonly information: Capabilities["userInformation"];
  /** The bot whose owner is told: the reader's own, and only when it asks for users; null: no one's. */
  readonly ownBotId: string | null;
}

/** The full form. Only the email and a bot's owner depend on what the reader may see. */
export function renderKnownUser(state: State, user: User, { information, ownBotId }: UserReader): JsonObject {
  const shown = { object: "user", id: user.id, name: user.name, avatar_url: user.avatarUrl, type: user.type };
  if (user.type === "bot") return { ...shown, bot: user.id === ownBotId ? renderBot(state) : {} };
  const email =
    information === "with_email" && user.email !== null ? { email: user.email, email_verified: true } : {};
  return { ...shown, person: email };
}

function renderBot(state: State): JsonObject {
  return {
    owner: { type: "workspace", workspace: true },
    workspace_name: state.workspaceName,
    workspace_id: state.workspaceId,
    workspace_limits: { max_file_upload_size_in_bytes: uploadBytesMax },
  };
}
