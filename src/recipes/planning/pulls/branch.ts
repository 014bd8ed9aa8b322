/** The parts of a branch's name that a pattern may use: `{number}`, `{slug}`. */
export interface BranchParts {
  readonly number: number;
  readonly title: string;
}

const slugLengthMax = 50;

/** The branch that a naming pattern gives an issue: "{number}-{slug}" makes "12-fix-the-door". */
export function branchFor(pattern: string, { number, title }: BranchParts): string {
  return pattern.replaceAll("{number}", String(number)).replaceAll("{slug}", slugOf(title));
}

/** How every branch of this issue begins; "": a pattern that begins with the slug says nothing. */
export function branchPrefix(pattern: string, number: number): string {
  const [known = ""] = pattern.split("{slug}");
  return known.replaceAll("{number}", String(number));
}

/** True when a branch is this by the pattern; people word the slug as they like, the number they do not. */
export function isBranchOf(pattern: string, branch: string, number: number): boolean {
  if (!pattern.includes("{number}")) return false;
  const parts = pattern.split(/(\{number\}|\{slug\})/).map((part) => {
    if (part === "{number}") return `0*${number}(?![0-9])`;
    return part === "{slug}" ? ".*" : escaped(part);
  });
  return new RegExp(`^${parts.join("")}$`).test(branch);
}

function slugOf(title: string): string {
  const plain = title
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase();
  const slug = plain.replace(/[^a-z0-9]+/g, "-").slice(0, slugLengthMax);
  return slug.replace(/^-+|-+$/g, "");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
