import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from '#schema/index.ts';

/** Returns the text of schema.graphql: the schema in an order that does not depend on the order of imports. */
export function schemaText(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
