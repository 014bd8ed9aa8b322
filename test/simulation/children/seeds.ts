import { parentPort, workerData } from "node:worker_threads";
import { mutantNamed } from "../mutants.ts";
import { plant } from "../mutate.ts";
import type { SeedsOrder } from "../pool.ts";

// A mutant has to be planted before anything of the product is loaded.
const order: SeedsOrder = workerData;
if (order.mutant !== null) plant(mutantNamed(order.mutant));
const { runSeeds, shrinkSeed } = await import("../run-seeds.ts");
const tell = (message: unknown) => parentPort?.postMessage(message);
if (order.shrinks === undefined) await runSeeds(order, tell);
else tell(await shrinkSeed(order, order.shrinks));
