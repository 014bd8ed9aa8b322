export type { Lockstep } from "./app/lockstep.ts";
export { openLockstep } from "./app/open.ts";
export { defineConfig } from "./config/define-config.ts";
