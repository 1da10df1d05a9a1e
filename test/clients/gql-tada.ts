import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';
import { Client, fetchExchange } from '@urql/core';
import { introspectionFromSchema } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '#schema/index.ts';
import type { Json } from '#test/fans/graphql-http.ts';
import type { ClientWorld } from './world.ts';

const root = resolve(import.meta.dirname, '../..');
const example = join(root, 'docs/examples/typed-client.ts');
const compilerOptions = {
  ...{ noEmit: true, strict: true, skipLibCheck: true, target: 'es2024', module: 'nodenext', types: [] },
  allowImportingTsExtensions: true,
};

/**
 * The compiler's messages about the example, or about the example with another text in it, with the types of the
 * present schema.
 */
async function compile([from, to]: readonly [string, string] = ['', '']): Promise<string> {
  await mkdir(join(root, '.frontrow'), { recursive: true });
  const folder = await mkdtemp(join(root, '.frontrow/typed-client-'));
  try {
    const types = outputIntrospectionFile(minifyIntrospection(introspectionFromSchema(schema)), {
      fileType: '.d.ts',
      shouldPreprocess: true,
    });
    await writeFile(join(folder, 'graphql-env.d.ts'), types);
    await copyFile(example, join(folder, 'typed-client.ts'));
    const text = await readFile(example, 'utf8');
    expect(text).toContain(from);
    await writeFile(join(folder, 'typed-client.ts'), text.replace(from, to));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    const tsc = join(root, 'node_modules/.bin/tsc');
    return await promisify(execFile)(tsc, ['-p', folder]).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function gqlTadaTests(world: () => ClientWorld): void {
  test('makes types of the schema: the example compiles, and a missing field does not', async () => {
    expect(await compile()).toBe('');
    expect(await compile(['nodes { id title', 'nodes { id name'])).toContain("'title' does not exist");
    expect(await compile(['createBooking.code', 'createBooking.reason'])).toContain("'reason' does not exist");
  });

  test('sends its typed documents to the product', async () => {
    const { url, eventId, seatId, fan, nextSeatNo } = world();
    const { findEvents, headline, holdSeats, outcome, seatsToHold } = (await import(example)) as Json;
    const { token } = await fan();
    const fetchOptions = { headers: { authorization: `Bearer ${token}` } };
    const client = new Client({ url, fetchOptions, exchanges: [fetchExchange] });
    const found = await client.query(findEvents, { text: 'mexico' }).toPromise();
    expect(headline(found.data)).toMatch(/^Mexico v Japan, \d{4}-\d\d-\d\d$/);
    const variables = seatsToHold(eventId, [seatId(nextSeatNo())], crypto.randomUUID());
    const held = await client.mutation(holdSeats, variables).toPromise();
    expect(outcome(held.data)).toMatch(/^held until \d{4}/);
  });
}
