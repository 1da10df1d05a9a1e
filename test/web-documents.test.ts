import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DocumentNode, Kind, type OperationDefinitionNode, validate } from 'graphql';
import { expect, test } from 'vitest';
import { documentLimits, measureOperation } from '#graphql/document-limits.ts';
import { schema } from '#schema/index.ts';

const folder = join(import.meta.dirname, '../web/src/operations');

async function documents(): Promise<[name: string, document: DocumentNode, operation: OperationDefinitionNode][]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(
    files.map((file) => import(join(folder, file)) as Promise<Record<string, unknown>>),
  );
  return modules
    .flatMap((exported) => Object.entries(exported))
    .flatMap(([name, value]) => {
      const document = value as DocumentNode;
      const operation = document.definitions?.find((one) => one.kind === Kind.OPERATION_DEFINITION);
      return operation ? [[name, document, operation]] : [];
    });
}

test.each(await documents())(
  '%s of the web client is valid and within the limits of a document',
  (_, document, operation) => {
    expect(validate(schema, document)).toEqual([]);
    const measure = measureOperation(schema, document, operation);
    for (const name of ['depth', 'aliases', 'directives', 'cost'] as const)
      expect(measure[name], name).toBeLessThanOrEqual(documentLimits[name]);
  },
);
