import { type Errand, worker } from "../runtime/work.ts";

/** What a schedule says is to be done. */
export const handler = worker<Errand, void>((errand, run) => run(errand));
