import { describeConnector } from "../../src/connector/connector.suite.ts";
import { describeWritableConnector } from "../../src/connector/writing.suite.ts";
import { openMemoryWorld, openNotionWorld } from "./worlds.ts";

const openWithPreconditions = () => openMemoryWorld(true);

describeConnector("memory connector", openMemoryWorld);
describeConnector("notion connector", openNotionWorld);
describeWritableConnector("memory connector", openMemoryWorld);
describeWritableConnector("memory connector with preconditions", openWithPreconditions);
describeWritableConnector("notion connector", openNotionWorld);
