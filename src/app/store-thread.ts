// The thread in which a server's SQLite store works. Started by stores.ts with {path}.
import { parentPort, workerData } from "node:worker_threads";
import { openSharedSqliteStore } from "../store/sqlite/open.ts";
import { hostStore } from "../store/threaded/host.ts";
import { systemIds } from "./platform.ts";

if (parentPort === null) throw new Error("store-thread runs as a thread");
await hostStore(parentPort, () => openSharedSqliteStore({ path: String(workerData.path), ids: systemIds }));
