/** The secrets of a stage, by the variable that Lockstep knows each by. */
export const secretVariables = [
  "NOTION_TOKEN",
  "LOCKSTEP_ADMIN_TOKEN",
  "NOTION_WEBHOOK_SECRET",
  "GITHUB_TOKEN",
  "GITHUB_WEBHOOK_SECRET",
  "LOCKSTEP_LIBRARY_WEBHOOK_SECRET",
] as const;
export type SecretVariable = (typeof secretVariables)[number];

/** Secrets that some stages have: each costs by the month. */
export const furtherSecrets = [
  "GITHUB_APP_ID",
  "GITHUB_APP_PRIVATE_KEY",
  "GITHUB_APP_INSTALLATION_ID",
  "LOCKSTEP_MARKER_KEY",
  "NOTION_WEBHOOK_SECRET_PREVIOUS",
  "GITHUB_WEBHOOK_SECRET_PREVIOUS",
] as const;

/** "lockstep/dev/notion-token" */
export function secretName(stage: string, variable: string): string {
  return `lockstep/${stage}/${variable.toLowerCase().replaceAll("_", "-")}`;
}
