import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { Hono } from "hono";
import { systemIds } from "../../../src/app/platform.ts";
import { LockstepError } from "../../../src/core/errors.ts";
import { requireBearer } from "../../../src/server/guards.ts";
import { importOptionsIn, uploadIn } from "../../../src/server/library.ts";
import { httpHandler } from "../runtime/http.ts";

/** Takes an exported library. A preview is answered at once; one that is to be written is kept, and begun. */
export const handler = httpHandler(({ lockstep, secrets, variables }) => {
  const machines = new SFNClient({});
  const app = new Hono();
  app.use(requireBearer(secrets.adminToken));
  app.post("/import", async (context) => {
    const { library, importSteps } = lockstep;
    if (library === null || importSteps === null)
      throw new LockstepError("USAGE", 'The configuration of this stage has no "library".');
    const { file, fields } = await uploadIn(context.req.raw);
    const options = { ...importOptionsIn(fields), trigger: "api" };
    if (!options.isCommitted) return context.json({ ok: true, report: await library.import(file, options) });
    const kept = await importSteps.keep(systemIds.next(), file, options);
    if (kept.format === null) return context.json({ ok: false, ...kept }, 400);
    // The name makes it one execution, however often it is started.
    const started = await machines.send(
      new StartExecutionCommand({
        stateMachineArn: variables.LOCKSTEP_STATE_MACHINE,
        name: kept.importId,
        input: JSON.stringify({ importId: kept.importId }),
      }),
    );
    return context.json({ ok: true, ...kept, execution: started.executionArn ?? null }, 202);
  });
  return app;
});
