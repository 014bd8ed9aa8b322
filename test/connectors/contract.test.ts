import { describeConnector } from "../../src/connector/connector.suite.ts";
import { openMemoryWorld, openNotionWorld } from "./worlds.ts";

describeConnector("memory connector", openMemoryWorld);
describeConnector("notion connector", openNotionWorld);
