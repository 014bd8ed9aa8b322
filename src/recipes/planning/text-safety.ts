import { stretchesOf } from "./code-regions.ts";

/** What is done about things that only some people mind. */
export interface SafetyRules {
  /** Pictures are fetched from wherever the text says, by everyone who reads it. */
  readonly images: "keep" | "neutralise";
}

/**
 * Text that crosses from one side to the other is data. What would act there (call a person, close an issue, be a tag) gets
 * a word joiner put in: invisible, and no longer what it was. Coming back it is taken out again, so that each text is on
 * its own side as it was written. Code is left alone: nothing acts in it, and it is there to be copied.
 *
 * Where joiners stand already, one more is added and one is taken: every text comes back as it was.
 */
const joiner = "\u2060";

/** `before`, any joiners, `after`: the joiner goes between. Nothing in `after` is consumed. `spared` is passed over whole. */
interface Danger {
  readonly before: string;
  readonly after: string;
  readonly spared?: string;
}

/** Links that GitHub makes by itself; an "@" in one is part of an address. */
const address = "(?<=^|[\\s*_~(])https?://[a-z0-9-]+(?:\\.[a-z0-9-]+)+/[^\\s<]*";
const name = "[a-z0-9._-]+";
const keyword = "(?<![a-z])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)";

const dangers = {
  /** Spelled as a number, a character is what it stands for: "&#64;team" calls the team. */
  entity: { before: "&", after: "#?[a-z0-9]+;" },
  /** "fixes #1", "Closes: owner/repo#1", "resolves https://…": what a commit says closes the issue. */
  closing: {
    before: `${keyword}[\\s:*_~"'(]+`,
    after: `#|GH-|${name}(?:/${name})?#|https?:`,
  },
  /** People and teams. Behind a letter or digit it is an address of mail, which calls nobody. */
  mention: { before: "(?<![a-z0-9])@", after: "[a-z0-9]", spared: address },
  /** Tags and comments: a comment could pass for our marker, or hide it. */
  tag: { before: "<", after: "[a-z/!?]" },
  image: { before: "!", after: "\\[" },
} as const satisfies Readonly<Record<string, Danger>>;

const { entity, closing, mention, tag, image } = dangers;

/** As GitHub may have it. */
export function forGitHub(text: string, rules: SafetyRules): string {
  return defused(text, githubDangers(rules));
}

/** As it was written; what was never defused stays as it is. */
export function fromGitHub(text: string, rules: SafetyRules): string {
  return restored(text, githubDangers(rules));
}

/** Notion reads tags in Markdown (mentions of people among them) and pictures. Nothing else acts there. */
export function forNotion(markdown: string, rules: SafetyRules): string {
  return defused(markdown, notionDangers(rules));
}

export function fromNotion(markdown: string, rules: SafetyRules): string {
  return restored(markdown, notionDangers(rules));
}

/**
 * For titles of pull requests and messages of merges, which become commits. Every reference to an issue is taken out of
 * reach, whatever stands before it. Nobody reads it back.
 */
export function forCommit(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const reference: Danger = { before: "#|GH-|https?:", after: "\\d|//" };
  return [entity, mention, tag, reference].reduce(withJoiners, line);
}

function githubDangers({ images }: SafetyRules): readonly Danger[] {
  return [entity, closing, mention, tag, ...(images === "keep" ? [] : [image])];
}

function notionDangers({ images }: SafetyRules): readonly Danger[] {
  return images === "keep" ? [tag] : [tag, image];
}

function defused(text: string, all: readonly Danger[]): string {
  return inText(text, (stretch) => all.reduce(withJoiners, stretch));
}

/** In the opposite order: each step meets the text as its counterpart left it. */
function restored(text: string, all: readonly Danger[]): string {
  return inText(text, (stretch) => all.toReversed().reduce(withoutJoiners, stretch));
}

function inText(text: string, change: (stretch: string) => string): string {
  return stretchesOf(text)
    .map((stretch) => (stretch.isCode ? stretch.text : change(stretch.text)))
    .join("");
}

function withJoiners(text: string, danger: Danger): string {
  return replaced(text, danger, (joiners) => joiner + joiners);
}

function withoutJoiners(text: string, danger: Danger): string {
  return replaced(text, danger, (joiners) => joiners.slice(1));
}

function replaced(text: string, danger: Danger, change: (joiners: string) => string): string {
  const { before, after, spared } = danger;
  const dangerous = `(?<before>${before})(?<joiners>${joiner}*)(?=${after})`;
  const pattern = new RegExp(spared === undefined ? dangerous : `${spared}|${dangerous}`, "gim");
  return text.replace(pattern, (...found) => {
    const groups: { readonly before?: string; readonly joiners?: string } = found.at(-1);
    return groups.before === undefined ? found[0] : groups.before + change(groups.joiners ?? "");
  });
}
