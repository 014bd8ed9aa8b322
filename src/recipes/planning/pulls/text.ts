import { forCommit } from "../text-safety.ts";

/** https://docs.github.com/en/rest/pulls/pulls: longer titles are refused. */
const TITLE_LENGTH_MAX = 250;

/** The title of an issue's pull request. It becomes a commit's first line, where words can close issues. */
export function pullTitle(title: string): string {
  const safe = forCommit(title);
  return [...safe].length <= TITLE_LENGTH_MAX
    ? safe
    : `${[...safe].slice(0, TITLE_LENGTH_MAX - 1).join("")}…`;
}

/** Nothing of it comes from people: it ties the pull request to its issue and its row. */
export function pullBody({
  issueNumber,
  pageId,
}: {
  readonly issueNumber: number;
  readonly pageId: string;
}): string {
  const page = `https://www.notion.so/${pageId.replaceAll("-", "")}`;
  return `Closes #${issueNumber}\n\n[Planned in Notion](${page})`;
}

/** The message of a merge. */
export function mergeTitle(title: string, pullNumber: number): string {
  return `${pullTitle(title)} (#${pullNumber})`;
}
