import { forGitHub, type SafetyRules } from "./text-safety.ts";

/** A comment of one side as the other shows it. */
export interface CopiedComment {
  readonly author: string;
  readonly text: string;
  /** Where it was written. */
  readonly url: string;
}

const textLengthMax = 1_500;

/** Plain text: in Notion's comments nothing acts. */
export function commentForNotion({ author, text, url }: CopiedComment): string {
  return `${author} on GitHub (${url}):\n${shortened(text)}`;
}

/** Markdown: what the person wrote acts on nobody. */
export function commentForGitHub({ author, text, url }: CopiedComment, rules: SafetyRules): string {
  const quoted = shortened(text)
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
  return `${forGitHub(author, rules)} [in Notion](${url}):\n\n${forGitHub(quoted, rules)}`;
}

function shortened(text: string): string {
  const whole = text.trim();
  return [...whole].length <= textLengthMax ? whole : `${[...whole].slice(0, textLengthMax - 1).join("")}…`;
}
