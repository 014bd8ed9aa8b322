import { usualId } from "../api/input.ts";
import { createComment, setResolved } from "../operations/comments.ts";
import { createTemplate } from "../operations/templates.ts";
import type { State } from "../state/state.ts";
import { type ActorOf, dataSourceAt, entityAt, missing, personAt } from "./lookup.ts";
import type { Workspace } from "./workspace.ts";

type ResourceControls = Pick<
  Workspace,
  "addGroup" | "addCustomEmoji" | "addTemplate" | "addComment" | "resolveDiscussion" | "reopenDiscussion"
>;

export function resourceControls(state: State, actorOf: ActorOf): ResourceControls {
  return {
    addGroup: (name) => {
      const id = state.random.uuid();
      state.groups.set(id, { id, name });
      return id;
    },
    addCustomEmoji: ({ name, url }) => {
      const id = state.random.uuid();
      state.customEmojis.set(id, { id, name, url });
      return id;
    },
    addTemplate: (dataSourceId, { properties, isDefault, ...by }) =>
      createTemplate(state, dataSourceAt(state, dataSourceId), {
        properties: properties ?? {},
        isDefault: isDefault ?? false,
        actor: actorOf(by),
      }).id,
    addComment: (id, { text, discussionId, ...by }) => {
      const entity = entityAt(state, id);
      if (entity.object !== "page" && entity.object !== "block") throw missing("page or block", id);
      const actor = actorOf(by);
      const comment = createComment(
        state,
        {
          parent: { type: entity.object === "page" ? "page_id" : "block_id", id: entity.id },
          discussionId: discussionId === undefined ? undefined : usualId(discussionId),
          text,
          displayName: { type: "user", resolved_name: personAt(state, actor.userId).name },
          attachments: [],
        },
        actor,
      );
      return { commentId: comment.id, discussionId: comment.discussionId };
    },
    resolveDiscussion: (discussionId) => setResolved(state, usualId(discussionId), true),
    reopenDiscussion: (discussionId) => setResolved(state, usualId(discussionId), false),
  };
}
