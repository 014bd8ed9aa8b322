import { ApiError } from "../http/errors.ts";

/** Every version the API still serves. https://developers.notion.com/reference/versioning */
export const versions = ["2022-06-28", "2025-09-03", "2026-03-11"] as const;
export type Version = (typeof versions)[number];
export const latestVersion: Version = "2026-03-11";

/** The version a request names. */
export function parseVersion(header: string | undefined): Version {
  if (header === undefined || header === "") {
    throw new ApiError(
      400,
      "missing_version",
      "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`.",
    );
  }
  const version = versions.find((known) => known === header);
  if (version === undefined) {
    const expected = versions.map((known) => `\`"${known}"\``).join(", or ");
    throw new ApiError(
      400,
      "validation_error",
      `Notion-Version header failed validation: Notion-Version header should be ${expected}, instead was \`"${header}"\`.`,
    );
  }
  return version;
}

/** From 2025-09-03 on a database is a container of data sources. */
export function hasDataSources(version: Version): boolean {
  return version !== "2022-06-28";
}

/** From 2026-03-11 on `in_trash` replaces `archived`, and `position` replaces `after`. */
export function hasArchivedKey(version: Version): boolean {
  return version !== "2026-03-11";
}
