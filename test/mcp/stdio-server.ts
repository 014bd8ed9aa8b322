// A program for tests: MCP over stdin and stdout, on a fake Lockstep.
import { serveMcpOverStdio } from "../../src/mcp/stdio.ts";
import { fakeLockstep } from "../cli/fake-lockstep.ts";

const { lockstep } = await fakeLockstep();
await serveMcpOverStdio(lockstep, new AbortController().signal);
