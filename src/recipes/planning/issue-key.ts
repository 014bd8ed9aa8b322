/** "owner/name#12" out of whatever people write for it: with or without the repository, or the address. null: none. */
export function issueKey(text: string, defaultRepository: string): string | null {
  const written = text.trim();
  const [, repository = defaultRepository, number] =
    /^(?:([\w.-]+\/[\w.-]+))?#?(\d{1,9})$/.exec(written) ??
    /^https?:\/\/[^/\s]+\/([\w.-]+\/[\w.-]+)\/issues\/(\d{1,9})(?:[?#/].*)?$/.exec(written) ??
    [];
  return number === undefined ? null : `${repository.toLowerCase()}#${Number(number)}`;
}
