import type { JsonNode } from './json-node.ts';

/** The categories of a chart: each is a price tier. */
export type SeatsioCategories = {
  /** The tier of an object: its own category, else `otherwise`. Undefined when it has neither. */
  of(object: JsonNode, otherwise: string | undefined): string | undefined;
  /** True when the object's own category is for wheelchairs, as older charts say it. */
  isAccessible(object: JsonNode): boolean;
};

type Category = { label: string; accessible: boolean };

/** Reads the list of categories. A key is a number or a text. */
export function readCategories(list: JsonNode): SeatsioCategories {
  const categories = new Map<string, Category>();
  for (const node of list.items()) {
    if (!node.requireObject()) continue;
    const key = node.get('key');
    const label = node.get('label').label();
    if (typeof key.value !== 'string' && typeof key.value !== 'number') key.problem('a number or a text is needed');
    else if (categories.has(String(key.value))) key.problem(`the category ${key.value} appears twice`);
    else categories.set(String(key.value), { label: label ?? '', accessible: node.get('accessible').flag() });
  }
  const find = (object: JsonNode): Category | undefined => {
    const key = object.get('categoryKey');
    return key.exists ? categories.get(String(key.value)) : undefined;
  };
  return {
    of(object, otherwise) {
      const key = object.get('categoryKey');
      if (!key.exists) return otherwise;
      return find(object)?.label ?? key.problem(`unknown category ${JSON.stringify(key.value)}`);
    },
    isAccessible: (object) => object.get('categoryAccessible').flag() || find(object)?.accessible === true,
  };
}
