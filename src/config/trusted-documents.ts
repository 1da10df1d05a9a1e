import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Environment, Problem } from './parse.ts';

export type TrustedDocuments = Readonly<Record<string, string>>;

const SHAPE = '{ "<SHA-256 of the text, in hex>": "<text of the document>" }';
const documents = z.record(z.string(), z.string()).refine((found) => Object.keys(found).length > 0);

/** The build of the web client writes its documents here, in its folder. */
const OF_WEB_CLIENT = 'trusted-documents.json';

type Read = { trusted?: TrustedDocuments; problems: Problem[] };

/** Returns the documents of the file that TRUSTED_DOCUMENTS names and those of the web client, or the problems of the files. */
export function readTrustedDocuments(env: Environment): Read {
  const files = [
    { name: 'TRUSTED_DOCUMENTS', path: env.TRUSTED_DOCUMENTS },
    { name: 'WEB_CLIENT', path: env.WEB_CLIENT && join(env.WEB_CLIENT, OF_WEB_CLIENT) },
  ];
  const read = files.flatMap(({ name, path }) => (path ? [readFile(name, path)] : []));
  const trusted = read.flatMap((one) => (one.trusted ? [one.trusted] : []));
  return {
    ...(trusted.length > 0 && { trusted: Object.assign({}, ...trusted) }),
    problems: read.flatMap(({ problems }) => problems),
  };
}

function readFile(name: string, path: string): Read {
  const refuse = (message: string) => ({ problems: [{ name, message }] });
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
