import type { JsonObject } from "../json.ts";
import { touch } from "../operations/pages.ts";
import { updateSchema } from "../operations/schema.ts";
import { tellSchema } from "../operations/tell.ts";
import type { Property, State } from "../state/state.ts";
import { findOption, optionsOf } from "../values/options.ts";
import { type ActorOf, dataSourceAt, missing, propertyAt } from "./lookup.ts";
import type { Workspace } from "./workspace.ts";

type SchemaControls = Pick<
  Workspace,
  | "addProperty"
  | "renameProperty"
  | "deleteProperty"
  | "retypeProperty"
  | "addOption"
  | "renameOption"
  | "reorderOptions"
  | "deleteOption"
>;

export function schemaControls(state: State, actorOf: ActorOf): SchemaControls {
  const change = (dataSourceId: string, entries: JsonObject): void => {
    const dataSource = dataSourceAt(state, dataSourceId);
    const actor = actorOf(undefined);
    tellSchema(state, actor, () => updateSchema(state, dataSource, entries));
    touch(state, dataSource, actor);
  };
  const idOf = (dataSourceId: string, nameOrId: string): string =>
    propertyAt(dataSourceAt(state, dataSourceId), nameOrId).id;
  /** As the API does it: rows lose an option that is gone. */
  const setOptions = (dataSourceId: string, { id, type }: Property, options: JsonObject[]): void =>
    change(dataSourceId, { [id]: { [type]: { options } } });
  /** What the API cannot do. Rows keep an option's id, so they show a new name or order without being edited. */
  const changeOptions = (
    dataSourceId: string,
    nameOrId: string,
    edit: (options: readonly JsonObject[], property: Property) => JsonObject[],
  ): void => {
    const property = propertyAt(dataSourceAt(state, dataSourceId), nameOrId);
    const options = edit(optionsOf(property), property);
    tellSchema(state, actorOf(undefined), () => {
      property.config = { ...property.config, options };
    });
  };
  return {
    addProperty: (dataSourceId, name, schema) => change(dataSourceId, { [name]: schema }),
    renameProperty: (dataSourceId, nameOrId, name) =>
      change(dataSourceId, { [idOf(dataSourceId, nameOrId)]: { name } }),
    deleteProperty: (dataSourceId, nameOrId) =>
      change(dataSourceId, { [idOf(dataSourceId, nameOrId)]: null }),
    retypeProperty: (dataSourceId, nameOrId, schema) =>
      change(dataSourceId, { [idOf(dataSourceId, nameOrId)]: schema }),
    addOption: (dataSourceId, nameOrId, { name, color = "default" }) => {
      const property = propertyAt(dataSourceAt(state, dataSourceId), nameOrId);
      setOptions(dataSourceId, property, [...optionsOf(property), { name, color }]);
    },
    renameOption: (dataSourceId, nameOrId, { from, to }) =>
      changeOptions(dataSourceId, nameOrId, (options, property) => {
        const option = optionAt(property, from);
        return options.map((each) => (each === option ? { ...each, name: to } : each));
      }),
    reorderOptions: (dataSourceId, nameOrId, names) =>
      changeOptions(dataSourceId, nameOrId, (options, property) => {
        const first = names.map((name) => optionAt(property, name));
        return [...first, ...options.filter((option) => !first.includes(option))];
      }),
    deleteOption: (dataSourceId, nameOrId, name) => {
      const property = propertyAt(dataSourceAt(state, dataSourceId), nameOrId);
      const option = optionAt(property, name);
      setOptions(
        dataSourceId,
        property,
        optionsOf(property).filter((each) => each !== option),
      );
    },
  };
}

function optionAt(property: Property, name: string): JsonObject {
  const option = findOption(property, { name });
  if (option === undefined) throw missing("option", name);
  return option;
}
