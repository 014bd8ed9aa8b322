import { StateMachine } from "aws-local-stepfunctions";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import type { LambdaHost } from "./lambda-host.ts";
import type { DeclaredMachine } from "./template.ts";

export interface LocalMachineOptions {
  readonly machine: DeclaredMachine;
  readonly host: LambdaHost;
  /** In place of the host's own way to invoke a function. */
  readonly invoke?: (handler: string, input: Json) => Promise<Json>;
}

export interface Execution {
  readonly output: Json;
  readonly letters: readonly Json[];
  /** Invocations by state, those that failed among them. */
  readonly invocations: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
}

/** What time passes before a retry: about what the definition asks for. */
const retryMs = 60_000;

/** Runs the definition itself, with the handlers themselves. For a retry nobody waits: time passes when nothing else is going on. */
export async function execute(
  { machine, host, invoke = (handler, given) => host.invoke(handler, given) }: LocalMachineOptions,
  { name, input }: { readonly name: string; readonly input: Json },
): Promise<Execution> {
  const letters: Json[] = [];
  const invocations: Record<string, number> = {};
  const failures: Record<string, number> = {};
  const waiting: { readonly name: string; readonly input: Json }[] = [{ name, input }];
  const call = async (state: string, handler: string, given: Json): Promise<Json> => {
    count(invocations, state);
    try {
      return await invoke(handler, given);
    } catch (error) {
      count(failures, state);
      await host.waitFor(retryMs);
      throw error;
    }
  };
  const handlers: Record<string, (given: Json) => Promise<Json>> = {};
  for (const [state, handler] of Object.entries(machine.functionByState))
    handlers[state] = (given) => call(state, handler, given);
  for (const [state, kind] of Object.entries(machine.otherTasks)) {
    handlers[state] = async (given) => {
      const parameters = isJsonObject(given) ? given : {};
      if (kind === "letter") letters.push(parameters.MessageBody ?? null);
      else waiting.push({ name: String(parameters.Name), input: parameters.Input ?? null });
      return {};
    };
  }
  const retryIntervalOverrides = Object.fromEntries(Object.keys(handlers).map((state) => [state, 1]));
  let output: Json = null;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const interpreter = new StateMachine(machine.definition as never, {
      validationOptions: { checkArn: false },
    });
    const context = { Execution: { Name: next.name, Id: `local:${next.name}`, Input: next.input } };
    const running = interpreter.run(next.input as never, {
      overrides: { taskResourceLocalHandlers: handlers as never, retryIntervalOverrides },
      context: context as never,
    });
    output = (await running.result) as Json;
  }
  return { output, letters, invocations, failures };
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
