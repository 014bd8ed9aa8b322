import type { Description } from "../connector/connector.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { FieldSchema } from "../core/record.ts";
import type { BoundRecipe, SyncDefinition } from "./sync.ts";

/** A recipe bound to a collection, and where the collection's description came from. */
export interface Binding {
  readonly recipe: BoundRecipe;
  readonly fields: readonly FieldSchema[];
  readonly warnings: readonly string[];
  /** Described in this run; false: remembered from an earlier one. */
  readonly isFresh: boolean;
  /** The field mapping is not the one of the last run. */
  readonly isRemapped: boolean;
  /** What the store keeps for the next run. */
  readonly stored: Json;
}

/**
 * Binds the recipe's configured names to the collection's fields. The description of an earlier run is good enough
 * for a poll (its rows show whether the columns changed), as long as the mapping still fits it; that saves a request.
 */
export async function bindSync(
  sync: SyncDefinition,
  stored: Json,
  options: { readonly mustDescribe: boolean; readonly signal: AbortSignal | undefined },
): Promise<Binding> {
  const remembered = readStored(stored);
  if (!options.mustDescribe && remembered !== null) {
    const binding = tryBind(sync, remembered);
    if (binding !== null && !binding.isRemapped) return binding;
  }
  const description = await sync.left.describe(options.signal);
  return bind(sync, description, remembered?.recipe ?? null, true);
}

interface Remembered {
  readonly description: Description;
  readonly recipe: Json;
}

/** null: the mapping does not fit the remembered columns; the current ones decide. */
function tryBind(sync: SyncDefinition, { description, recipe }: Remembered): Binding | null {
  try {
    return bind(sync, description, recipe, false);
  } catch {
    return null;
  }
}

function bind(sync: SyncDefinition, description: Description, recipeStored: Json, isFresh: boolean): Binding {
  const recipe = sync.recipe.bind(description, recipeStored);
  const { name, capabilities } = description;
  const fields = description.fields.map((field) => ({ ...field }));
  return {
    recipe,
    fields: description.fields,
    warnings: [...description.warnings, ...recipe.warnings],
    isFresh,
    isRemapped: recipeStored !== null && JSON.stringify(recipeStored) !== JSON.stringify(recipe.binding),
    stored: {
      recipe: recipe.binding,
      description: { id: description.id, name, fields, capabilities: { ...capabilities } },
    },
  };
}

/** What an earlier run stored; null when it is missing or of an unknown shape. */
function readStored(stored: Json): Remembered | null {
  if (!isJsonObject(stored) || !isJsonObject(stored.description)) return null;
  const { description } = stored;
  if (!Array.isArray(description.fields) || typeof description.name !== "string") return null;
  // Written by `bind` above, from a Description.
  return {
    recipe: stored.recipe ?? null,
    description: { ...(description as unknown as Description), warnings: [] },
  };
}
