import type { JsonObject } from "../json.ts";
import { requireCapability, visibleDataSource } from "../state/access.ts";
import type { Call } from "./call.ts";
import { pathId } from "./input.ts";
import { takePage } from "./list.ts";
import { pageTitle } from "./render.ts";
import { Reply } from "./reply.ts";

/** GET /data_sources/{id}/templates: a list of a form of its own, without a request id. */
export function listTemplates(call: Call): Reply {
  requireCapability(call.connection, "readContent");
  const { state, connection, query } = call;
  const id = pathId(call.params.data_source_id, "data_source_id");
  const dataSource = visibleDataSource(state, connection, id);
  const name = (query.get("name") ?? "").toLowerCase();
  const titleOf = (templateId: string): string => {
    const page = state.pages.get(templateId);
    return page === undefined ? "" : pageTitle(page);
  };
  const { results, nextCursor } = takePage(call, {
    subject: `templates ${id} ${name}`,
    isCursorId: true,
    items: () =>
      dataSource.templateIds.filter(
        (each) => state.pages.get(each)?.inTrash === false && titleOf(each).toLowerCase().includes(name),
      ),
    render: (each): JsonObject => ({
      id: each,
      name: titleOf(String(each)),
      is_default: each === dataSource.defaultTemplateId,
    }),
  });
  return new Reply(200, { templates: results, has_more: nextCursor !== null, next_cursor: nextCursor }, true);
}
