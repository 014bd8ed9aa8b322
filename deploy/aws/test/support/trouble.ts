import type { Json } from "../../../../src/core/json.ts";
import type { LocalStage } from "../../local/stage.ts";
import type { Passing, ServiceName, WireFault } from "../../local/wires.ts";

/** What goes wrong with one invocation, or with one of its requests. */
export type Fault =
  /** Amazon has no room for it. */
  | "refused"
  /** The process dies at its start. */
  | "crashed"
  /** All of it is done, and nobody learns it. */
  | "lost"
  /** All of it is done, but after its time. */
  | "late"
  | {
      readonly service: ServiceName;
      /** Only a request that changes something; absent: any. */
      readonly isWrite?: true;
      /** `hang`: nobody answers, and the function gives up in time. `kill`: nor does it come to that. */
      readonly kind: "throttle" | "fail" | "hang" | "kill";
      readonly when: "before" | "after";
    };

type RequestFault = Exclude<Fault, string>;

/** Time of an invocation with a fault: moving the clock to its end overtakes nobody else. */
const timeoutMs = 10_000;

/**
 * Deals faults out to invocations until each of them has happened. One that ends an invocation has it for itself; those that
 * an invocation gets over by trying again come together. What an invocation made no request for is kept for a later one.
 */
export class Trouble {
  private readonly stage: LocalStage;
  private readonly plan: ReadonlyMap<string, Fault[]>;
  private readonly armed = new Map<string, RequestFault[]>();

  constructor(stage: LocalStage, plan: Readonly<Record<string, readonly Fault[]>>) {
    this.stage = stage;
    this.plan = new Map(Object.entries(plan).map(([name, faults]) => [name, [...faults]]));
    stage.wires.disturb = (passing) => this.disturb(passing);
  }

  /** What has not happened yet, by function. */
  get left(): Readonly<Record<string, readonly Fault[]>> {
    return Object.fromEntries([...this.plan].filter(([, faults]) => faults.length > 0));
  }

  invoke = async (name: string, input: Json): Promise<Json> => {
    const { host } = this.stage;
    const faults = this.plan.get(name) ?? [];
    const at = faults.findIndex(endsInvocation);
    const [fault] = at < 0 ? [] : faults.splice(at, 1);
    if (fault === undefined)
      return faults.length === 0 ? host.invoke(name, input) : this.invokeArmed(name, input, faults.splice(0));
    if (typeof fault === "object") return this.invokeArmed(name, input, [fault]);
    if (fault === "lost" || fault === "late") await host.invoke(name, input);
    throw named(errorNames[fault], fault);
  };

  private async invokeArmed(name: string, input: Json, faults: readonly Fault[]): Promise<Json> {
    const armed = faults.filter((fault) => typeof fault === "object");
    const onBegin = (environment: string) => void this.armed.set(environment, armed);
    try {
      return await this.stage.host.invoke(name, input, { timeoutMs, onBegin });
    } finally {
      this.plan.get(name)?.push(...armed.splice(0));
    }
  }

  private disturb({ environment, service, isWrite }: Passing): WireFault | null {
    const { host } = this.stage;
    const armed = this.armed.get(environment) ?? [];
    const at = armed.findIndex((fault) => fault.service === service && (fault.isWrite !== true || isWrite));
    const [fault] = at < 0 ? [] : armed.splice(at, 1);
    if (fault === undefined) return null;
    const { kind, when } = fault;
    if (kind === "kill") return { kind: "hang", when, onHang: () => host.kill(environment) };
    if (kind === "hang") return { kind, when, onHang: () => host.letGiveUp(environment) };
    return { kind, when };
  }
}

const errorNames = {
  refused: "Lambda.TooManyRequestsException",
  crashed: "Runtime.ExitError",
  lost: "Lambda.SdkClientException",
  late: "Sandbox.Timedout",
} as const;

function endsInvocation(fault: Fault): boolean {
  return typeof fault === "string" || fault.kind === "hang" || fault.kind === "kill";
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
