interface WaitingCall<Input, Output> {
  readonly input: Input;
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls go through `work` one group after another, in their order: while one group is away, the next calls gather. A lone
 * call waits for nobody. `work` answers for each call of its group; when it fails, it fails for all of them.
 */
export function gathered<Input, Output>(
  work: (inputs: readonly Input[]) => Promise<readonly Output[]>,
): (input: Input) => Promise<Output> {
  let waiting: WaitingCall<Input, Output>[] = [];
  let isAway = false;

  async function send(): Promise<void> {
    isAway = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        const outputs = await work(group.map(({ input }) => input));
        for (const [n, output] of outputs.entries()) group[n]?.resolve(output);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    isAway = false;
  }

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      if (!isAway) void send();
    });
}
