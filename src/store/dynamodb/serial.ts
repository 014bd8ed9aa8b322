/**
 * Works that share a name go one after another, in the order of their calls. Processes are told apart by what they find in
 * the store; within one it is cheaper to wait than to be overtaken.
 */
export type Serial = <T>(names: readonly string[], work: () => Promise<T>) => Promise<T>;

export function createSerial(): Serial {
  const last = new Map<string, Promise<unknown>>();
  return (names, work) => {
    const before = Promise.all(names.map((name) => last.get(name)));
    const result = before.then(work);
    const end = result.then(
      () => {},
      () => {},
    );
    for (const name of names) last.set(name, end);
    void end.then(() => {
      for (const name of names) if (last.get(name) === end) last.delete(name);
    });
    return result;
  };
}
