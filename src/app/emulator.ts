export { startEmulator } from "../emulator/index.ts";
