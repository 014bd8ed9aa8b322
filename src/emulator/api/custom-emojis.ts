import type { JsonObject } from "../json.ts";
import type { Call } from "./call.ts";
import { takePage } from "./list.ts";

/** GET /custom_emojis: all, or the one of a name. */
export function listCustomEmojis(call: Call): JsonObject {
  const { state, query } = call;
  const name = query.get("name");
  const { results, nextCursor } = takePage(call, {
    subject: `custom_emojis ${name}`,
    items: () =>
      [...state.customEmojis.values()]
        .filter((emoji) => name === null || emoji.name === name)
        .map(({ id }) => id),
    render: (id) => {
      const emoji = state.customEmojis.get(String(id));
      return emoji === undefined ? null : { id: emoji.id, name: emoji.name, url: emoji.url };
    },
  });
  return {
    object: "list",
    type: "custom_emoji",
    results,
    has_more: nextCursor !== null,
    next_cursor: nextCursor,
  };
}
