import { describeConnector } from "../../src/connector/connector.suite.ts";
import { describeWritableConnector } from "../../src/connector/writing.suite.ts";
import { products, suiteWorld, useSqlWorlds } from "./sql-world.ts";

const sqlWorld = useSqlWorlds();

for (const product of products) {
  const open = async () => suiteWorld(await sqlWorld(product));
  describeConnector(`sql connector on ${product}`, open);
  describeWritableConnector(`sql connector on ${product}`, open);
}
