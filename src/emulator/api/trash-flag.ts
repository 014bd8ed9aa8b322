import { bodyError } from "../http/errors.ts";
import type { JsonObject } from "../json.ts";
import { booleanAt } from "./input.ts";
import { hasArchivedKey, type Version } from "./versions.ts";

/** Whether a request trashes (true) or restores (false); `archived` is the old name, refused from 2026-03-11 on. */
export function trashFlag(body: JsonObject, version: Version): boolean | undefined {
  if (body.archived !== undefined && !hasArchivedKey(version))
    throw bodyError("body.archived", "not present", body.archived);
  const flag = body.in_trash ?? body.archived;
  return flag === undefined
    ? undefined
    : booleanAt(flag, body.in_trash === undefined ? "body.archived" : "body.in_trash");
}
