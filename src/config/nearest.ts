/** The candidate closest to `text` by edit distance, ignoring case; null when none is close enough to be a typo. */
export function nearestOf(text: string, candidates: Iterable<string>): string | null {
  const wanted = text.toLowerCase();
  let nearest: string | null = null;
  let distanceMin = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < distanceMin) [nearest, distanceMin] = [candidate, distance];
  }
  return nearest;
}

/** " Did you mean …?", or nothing: ready to append to a message. */
export function suggestion(text: string, candidates: Iterable<string>): string {
  const nearest = nearestOf(text, candidates);
  return nearest === null ? "" : ` Did you mean "${nearest}"?`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = at(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, at(previous, column) + 1, at(current, column - 1) + 1));
    }
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
