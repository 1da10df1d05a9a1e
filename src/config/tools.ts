import { z } from 'zod';
import { common } from './observed.ts';
import { type Environment, parse } from './parse.ts';
import { databases } from './stores.ts';
import { searchPrefix } from './values.ts';

const importer = z.object({ ...common, ...databases });
const reindex = z.object({
  ...databases,
  TYPESENSE_URL: z.url({ error: 'the search engine, e.g. http://localhost:8108' }),
  TYPESENSE_API_KEY: z.string({ error: 'the key that the search engine was started with' }),
  TYPESENSE_PREFIX: searchPrefix,
});
const migrations = z.object({ DATABASE_URL: databases.DATABASE_URL, PAYMENTS_DATABASE_URL: z.url() });

export function parseImportConfig(env: Environment) {
  const data = parse(importer, env);
  return { postgres: { url: data.DATABASE_URL, poolMax: data.DATABASE_POOL_MAX } };
}

export function parseReindexConfig(env: Environment) {
  const data = parse(reindex, env);
  return {
    postgres: { url: data.DATABASE_URL, poolMax: data.DATABASE_POOL_MAX },
    search: { url: data.TYPESENSE_URL, apiKey: data.TYPESENSE_API_KEY, prefix: data.TYPESENSE_PREFIX },
  };
}

export function parseMigrateConfig(env: Environment) {
  const data = parse(migrations, env);
  return { bookingUrl: data.DATABASE_URL, paymentsUrl: data.PAYMENTS_DATABASE_URL };
}
