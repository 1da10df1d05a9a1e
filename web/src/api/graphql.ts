import { initGraphQLTada } from 'gql.tada';
// Made from schema.graphql by `npm run web:types`, which `npm run check` runs too.
import type { introspection } from './graphql-env.d.ts';

/** Makes a typed document of a text. */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: { DateTime: string; LocalDateTime: string; MinorUnits: number; Decimal: string; SeatStatuses: string };
}>();

export type { ResultOf } from 'gql.tada';
