import { hash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { formatDocument, stringifyDocument } from '@urql/core';
import { type DocumentNode, Kind } from 'graphql';

const root = resolve(import.meta.dirname, '../..');
const operations = join(root, 'web/src/operations');
const seatMap = join(root, 'packages/seatmap/src/documents.ts');

/** Returns every operation of the web client and of the seat map, by the SHA-256 of its text: the manifest of trusted documents. */
export async function readDocuments(): Promise<Record<string, string>> {
  const files = (await readdir(operations)).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(files.map((file): Promise<object> => import(join(operations, file))));
  const ours = modules.flatMap((module) => Object.values(module).filter(isOperation).map(sentText));
  const { seatMapDocuments } = (await import(seatMap)) as { seatMapDocuments: readonly string[] };
  return Object.fromEntries([...ours, ...seatMapDocuments].map((text) => [`sha256:${hash('sha256', text)}`, text]));
}

/** The text that urql sends: the cache asks for `__typename` everywhere. */
const sentText = (document: DocumentNode): string => stringifyDocument(formatDocument(document as never));

const isOperation = (value: unknown): value is DocumentNode =>
  typeof value === 'object' &&
  value !== null &&
  'definitions' in value &&
  (value as DocumentNode).definitions.some(({ kind }) => kind === Kind.OPERATION_DEFINITION);
