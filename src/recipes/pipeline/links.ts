/** The kinds of files that workers make; each may have a database of its own on the board's page. */
export const linkKinds = ["assets", "videos", "audio"] as const;
export type LinkKind = (typeof linkKinds)[number];

/**
 * The files that workers make, a table for each kind, so that each can be kept in step with a database of its own:
 * `task_pages` is what a relation to the board holds, and triggers keep it.
 */
export const linkTables = {
  assets: "task_assets",
  videos: "task_videos",
  audio: "task_audio",
} as const satisfies Readonly<Record<LinkKind, string>>;
