import type { Json } from "../json.ts";
import { touch } from "../operations/pages.ts";
import { updateSchema } from "../operations/schema.ts";
import type { State } from "../state/state.ts";
import { findOption, optionsOf } from "../values/options.ts";
import { dataSourceAt, missing, personActor, propertyAt } from "./lookup.ts";
import type { Workspace } from "./workspace.ts";

type SchemaControls = Pick<
  Workspace,
  "addProperty" | "renameProperty" | "deleteProperty" | "retypeProperty" | "renameOption"
>;

export function schemaControls(state: State): SchemaControls {
  const change = (dataSourceId: string, nameOrId: string, entry: Json): void => {
    const dataSource = dataSourceAt(state, dataSourceId);
    const { id } = propertyAt(dataSource, nameOrId);
    updateSchema(state, dataSource, { [id]: entry });
    touch(state, dataSource, personActor(state, undefined));
  };
  return {
    addProperty: (dataSourceId, name, schema) =>
      updateSchema(state, dataSourceAt(state, dataSourceId), { [name]: schema }),
    renameProperty: (dataSourceId, nameOrId, name) => change(dataSourceId, nameOrId, { name }),
    deleteProperty: (dataSourceId, nameOrId) => change(dataSourceId, nameOrId, null),
    retypeProperty: (dataSourceId, nameOrId, schema) => change(dataSourceId, nameOrId, schema),
    renameOption: (dataSourceId, nameOrId, { from, to }) => {
      const property = propertyAt(dataSourceAt(state, dataSourceId), nameOrId);
      const option = findOption(property, { name: from });
      if (option === undefined) throw missing("option", from);
      // Rows keep the option's id, so they show the new name without being edited.
      property.config = {
        ...property.config,
        options: optionsOf(property).map((each) => (each === option ? { ...each, name: to } : each)),
      };
    },
  };
}
