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

/** "lockstep/dev/notion-token" */
export function secretName(stage: string, variable: SecretVariable): string {
  return `lockstep/${stage}/${variable.toLowerCase().replaceAll("_", "-")}`;
}
