import { randomUUID } from "node:crypto";
import { openPostgresStore } from "../../../src/store/postgres/open.ts";
import { draft, minute } from "../../../src/store/suite/case.ts";

// Opens a store that others open at the same moment, and writes one task.
const [url = ""] = process.argv.slice(2);

await using store = await openPostgresStore({ url, ids: { next: randomUUID, random: Math.random } });
await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
