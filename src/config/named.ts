import { parseNotionId } from "./notion-id.ts";
import { checkedString } from "./schedule.ts";

/** What commands call a sync: no path separator, because a part of a sync is called "sync/part". */
export const nameSchema = checkedString((text) =>
  /^[^\s/-][^/\p{Cc}]{0,199}$/u.test(text)
    ? null
    : 'expected a short name without "/", not starting with "-"',
);

export const notionIdSchema = checkedString((text) => {
  const parsed = parseNotionId(text);
  return "problem" in parsed ? parsed.problem : null;
});
