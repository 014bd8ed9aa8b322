import type { Context } from "aws-lambda";
import type { ImportSteps } from "../../../src/app/import-steps.ts";
import { explainError } from "../../../src/app/next-step.ts";
import { maskSecrets } from "../../../src/config/secrets.ts";
import { type ErrorCode, LockstepError } from "../../../src/core/errors.ts";
import { isPermissionCode } from "./log.ts";
import { openWorld, type World } from "./world.ts";

/** Another try meets the same again: a person has to mend something. The state machine knows this name. */
export const refusedName = "LockstepRefused";
/** Everything else passes by itself. */
export const againName = "LockstepAgain";

const refusedCodes: ReadonlySet<ErrorCode> = new Set([
  "BOOK_REFUSED",
  "CONFIG_INVALID",
  "GUARD_REFUSED",
  "NOTION_FORBIDDEN",
  "NOTION_UNAUTHORIZED",
  "RUN_NOT_FOUND",
  "SCHEMA_DRIFT",
  "SECRET_MISSING",
  "USAGE",
]);

type Work<Input, Output> = (
  steps: ImportSteps,
  input: Input,
  how: { readonly signal: AbortSignal },
) => Promise<Output>;

/** One step of an import as a Lambda. What it throws carries a name that the state machine decides by, and no secret. */
export function stepHandler<Input, Output>(
  work: Work<Input, Output>,
): (input: Input, context: Context) => Promise<Output> {
  let opening: Promise<World> | null = null;
  return async (input, context) => {
    opening ??= openWorld(process.env);
    try {
      const world = await opening;
      return await world.invoke(context, (signal) =>
        work(stepsOf(world), input, { signal }).catch((error: unknown) => {
          throw signal.aborted && !(error instanceof LockstepError) ? outOfTime(error) : error;
        }),
      );
    } catch (thrown) {
      // What could not be opened is opened anew the next time.
      const world = await opening.catch(() => null);
      if (world === null) opening = null;
      throw named(thrown, world);
    }
  };
}

function outOfTime(cause: unknown): LockstepError {
  return new LockstepError("CANCELLED", "The function's time was over; the step comes again.", { cause });
}

function stepsOf({ lockstep }: World): ImportSteps {
  if (lockstep.importSteps !== null) return lockstep.importSteps;
  throw new LockstepError("CONFIG_INVALID", 'The configuration of this stage has no "library".');
}

function named(thrown: unknown, world: World | null): Error {
  const { error } = explainError(thrown);
  const message = maskSecrets(`${error.code}: ${error.message}`);
  const isRefused = refusedCodes.has(error.code);
  world?.log.logger[isRefused ? "error" : "warn"]({ code: error.code, message }, "step not done");
  if (isRefused) world?.log.count("StepsFailed");
  if (isPermissionCode(error.code)) world?.log.count("PermissionErrors");
  return Object.assign(new Error(message), { name: isRefused ? refusedName : againName });
}
