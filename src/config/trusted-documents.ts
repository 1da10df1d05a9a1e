import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Environment, Problem } from './parse.ts';

export type TrustedDocuments = Readonly<Record<string, string>>;

const SHAPE = '{ "<SHA-256 of the text, in hex>": "<text of the document>" }';
const documents = z.record(z.string(), z.string()).refine((found) => Object.keys(found).length > 0);

/** Returns the documents in the file that TRUSTED_DOCUMENTS names, or the problem of that file. */
export function readTrustedDocuments(env: Environment): { trusted?: TrustedDocuments; problems: Problem[] } {
  const path = env.TRUSTED_DOCUMENTS;
  if (!path) return { problems: [] };
  const refuse = (message: string) => ({ problems: [{ name: 'TRUSTED_DOCUMENTS', message }] });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return refuse(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}): name a JSON file of ${SHAPE}`);
  }
  try {
    return { trusted: documents.parse(JSON.parse(text)), problems: [] };
  } catch {
    return refuse(`${path} has no trusted documents: it must be JSON, ${SHAPE}`);
  }
}
