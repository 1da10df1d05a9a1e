import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from '#schema/index.ts';

/** What schema.graphql holds: the schema in an order that does not depend on the order of imports. */
export function schemaText(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
