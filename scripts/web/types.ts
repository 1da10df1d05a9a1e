// Writes the types of schema.graphql for the web client, where gql.tada finds them.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';
import { buildSchema, introspectionFromSchema } from 'graphql';

const root = join(import.meta.dirname, '../..');

/** Writes `web/src/api/graphql-env.d.ts` when the schema is another one than at the last time. */
export async function writeWebTypes(): Promise<void> {
  const schema = buildSchema(await readFile(join(root, 'schema.graphql'), 'utf8'));
  const introspection = minifyIntrospection(introspectionFromSchema(schema));
  const types = outputIntrospectionFile(introspection, { fileType: '.d.ts', shouldPreprocess: true });
  const file = join(root, 'web/src/api/graphql-env.d.ts');
  if ((await readFile(file, 'utf8').catch(() => '')) !== types) await writeFile(file, types);
}

if (import.meta.main) await writeWebTypes();
