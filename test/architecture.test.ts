import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  boundaryProblems,
  checkBoundaries,
  importsOf,
  printTable,
  productionFiles,
} from '../scripts/check/boundaries.ts';
import { boundaries } from '../scripts/check/boundaries-table.ts';

const root = resolve(import.meta.dirname, '..');

const forbidden = [
  ['src/http/a.ts', '#db/client.ts'],
  ['src/http/b.ts', 'postgres'],
  ['src/http/c.ts', '#workers/run-worker.ts'],
  ['src/http/d.ts', '#events/contracts.ts'],
  ['src/graphql/a.ts', '#http/server.ts'],
  ['src/graphql/b.ts', '#db/client.ts'],
  ['src/graphql/c.ts', '../http/server.ts'],
  ['src/schema/a.ts', '#db/client.ts'],
  ['src/schema/b.ts', '#redis/client.ts'],
  ['src/schema/booking/c.ts', '../../db/client.ts'],
  ['src/schema/d.ts', 'drizzle-orm'],
  ['src/schema/f.ts', '#graphql/graphql.ts'],
  ['src/schema/e.ts', '#domain/payments/record-notice.ts'],
  ['src/domain/booking/a.ts', '#http/server.ts'],
  ['src/domain/booking/b.ts', 'graphql'],
  ['src/domain/booking/c.ts', '#gateways/sandbox.ts'],
  ['src/domain/booking/d.ts', '#domain/payments/record-notice.ts'],
  ['src/domain/booking/e.ts', '#db/payments/tables.ts'],
  ['src/domain/booking/f-statements.ts', '#redis/client.ts'],
  ['src/domain/booking/g-rules.ts', '#db/client.ts'],
  ['src/domain/booking/h-status.ts', '#redis/client.ts'],
  ['src/domain/payments/a.ts', '#domain/booking/create-booking.ts'],
  ['src/domain/payments/b.ts', '#db/tables/booking.ts'],
  ['src/workers/a.ts', '#schema/index.ts'],
  ['src/workers/b.ts', '#gateways/sandbox.ts'],
  ['src/gateways/a.ts', '#db/client.ts'],
  ['src/gateways/b.ts', '#domain/booking/create-booking.ts'],
  ['src/db/a.ts', '#domain/errors.ts'],
  ['src/db/b.ts', '#events/log/log.ts'],
  ['src/redis/a.ts', '#db/client.ts'],
  ['src/search/a.ts', '#domain/errors.ts'],
  ['src/events/a.ts', '#db/client.ts'],
  ['src/observability/a.ts', '#domain/errors.ts'],
  ['src/listener/a.ts', '#observability/log.ts'],
  ['src/domain/booking/h.ts', '#listener/http-listener.ts'],
  ['src/domain/booking/i.ts', '#observability/log.ts'],
  ['src/domain/booking/j.ts', '../waiting-room/room.ts'],
  ['src/domain/mail/a.ts', '../account/session.ts'],
  ['src/domain/hoarding/a.ts', '../account/session.ts'],
  ['src/domain/account/a.ts', '#domain/catalog/event-cache.ts'],
  ['src/domain/pricing/a.ts', '../catalog/event-cache.ts'],
  ['src/domain/organization/a.ts', '#domain/catalog/event-cache.ts'],
  ['src/domain/catalog/a.ts', '../inventory/seat-maps.ts'],
  ['src/domain/inventory/a.ts', '../booking/booking.ts'],
  ['src/domain/accounting/a.ts', '../pricing/price-list.ts'],
  ['src/domain/refunds/a.ts', '../allocation/errors.ts'],
  ['src/domain/allocation/a.ts', '../waiting-room/room.ts'],
  ['src/domain/waiting-room/a.ts', '../cancellation/errors.ts'],
  ['src/domain/cancellation/a.ts', '../exports/csv-rules.ts'],
  ['src/domain/exports/a.ts', '../loyalty/points.ts'],
  ['src/domain/loyalty/a.ts', '../booking/booking.ts'],
  ['src/domain/booking/k-rules.ts', 'drizzle-orm/pg-core'],
  ['src/domain/booking/l-statements.ts', 'ioredis'],
  ['src/domain/booking/m.ts', '../../db/client.ts'],
  ['src/domain/booking/n.ts', '#test/support/system/system.ts'],
  ['src/domain/booking/o.ts', '#config/api.ts'],
  ['src/domain/payments/c-statements.ts', '#redis/client.ts'],
  ['src/domain/payments/d-rules.ts', '#db/payments/tables.ts'],
  ['src/workers/c.ts', '@pothos/core'],
  ['src/workers/d.ts', './payments/settle-due-payments.ts'],
  ['src/workers/payments/a.ts', '#db/tables/booking.ts'],
  ['src/workers/payments/b.ts', '#domain/booking/create-booking.ts'],
  ['src/http/e.ts', '#shared/postgres.ts'],
  ['src/http/f.ts', '../domain/viewer.ts'],
  ['src/shared/a.ts', '#db/client.ts'],
  ['src/config/a.ts', '#db/client.ts'],
  ['src/resources.ts', '#http/server.ts'],
  ['src/processes/api.ts', './dev/main.ts'],
  ['src/processes/worker.ts', '#processes/gateway-sandbox/server.ts'],
  ['src/events/log/b.ts', 'postgres'],
] as const;

const allowed = [
  ['src/http/ok.ts', '#domain/viewer.ts'],
  ['src/http/ok-origin.ts', '#events/origin.ts'],
  ['src/http/ok-graphql.ts', '#graphql/graphql.ts'],
  ['src/graphql/ok.ts', '#schema/index.ts'],
  ['src/graphql/ok-origin.ts', '#events/origin.ts'],
  ['src/schema/ok.ts', '#domain/viewer.ts'],
  ['src/domain/booking/ok.ts', '#db/client.ts'],
  ['src/domain/booking/ok-redis.ts', '#redis/client.ts'],
  ['src/domain/payments/ok.ts', '#db/payments/tables.ts'],
  ['src/domain/payments/ok-plumbing.ts', '#db/transaction.ts'],
  ['src/workers/ok.ts', '#domain/booking/expire-holds.ts'],
  ['src/gateways/ok.ts', '#domain/payments/gateway.ts'],
  ['src/gateways/ok-amounts.ts', '#domain/gateway-amount-rules.ts'],
  ['src/db/ok.ts', '#events/contracts.ts'],
  ['src/db/ok-origin.ts', '#events/origin.ts'],
  ['src/observability/ok.ts', '#listener/http-listener.ts'],
  ['src/http/ok-listener.ts', '#listener/http-listener.ts'],
  ['src/http/ok-package.ts', 'graphql'],
  ['src/http/ok-builtin.ts', 'node:http'],
  ['src/domain/waiting-room/ok.ts', '../booking/booking.ts'],
  ['src/domain/waiting-room/ok-root.ts', '../errors.ts'],
  ['src/events/log/ok.ts', '#shared/postgres.ts'],
  ['src/shared/postgres.ts', 'postgres'],
  ['src/processes/dev/ok.ts', './ports.ts'],
  ['src/processes/ok.ts', '#db/client.ts'],
] as const;

const importing = (imported: string) => `import { thing } from '${imported}';\n\nexport const canary = thing;\n`;
const below = (file: string) => file.replace(/^src\//, '');

test.each(forbidden)('%s may not import %s', (file, imported) => {
  const problems = boundaryProblems(below(file), importing(imported));
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) expect(problem.startsWith(`${file}:1: imports ${imported}: `), problem).toBe(true);
});

test.each(allowed)('%s may import %s', (file, imported) => {
  expect(boundaryProblems(below(file), importing(imported))).toEqual([]);
});

test.each(boundaries.filter(({ may, withoutValuesOf }) => may.join() !== '**' || withoutValuesOf))(
  'a planted import violates the row of $files',
  (row) => {
    const rest = { files: ['src', '**'], may: ['**'], because: 'the file has a row' };
    const broken = forbidden.filter(([file, imported]) =>
      boundaryProblems(below(file), importing(imported), [row, rest]).some((one) => one.endsWith(row.because)),
    );
    expect(broken.length).toBeGreaterThan(0);
  },
);

const forms = {
  'a static import': "import { a } from '#db/client.ts';",
  'an import of a type': "import type { A } from '#db/client.ts';",
  'an import over several lines': "import {\n  a,\n  type B,\n} from '#db/client.ts';",
  'an import with other quotes': 'import { a } from "#db/client.ts";',
  'an import with a comment': "import { a /* from */ } from /* here */ '#db/client.ts';",
  'an import under another name': "import { 'a-b' as c } from '#db/client.ts';",
  'an import for its effect': "import '#db/client.ts';",
  'a dynamic import': "const { a } = await import('#db/client.ts');",
  'a dynamic import of a template': 'const { a } = await import(`#db/client.ts`);',
  'a computed import': "const { a } = await import('#db/' + name);",
  'a computed template': `const { a } = await import(\`#db/\${name}.ts\`);`,
  'a computed import of an allowed folder': "const { a } = await import('#domain/' + name);",
  'an import of a variable': 'const { a } = await import(name);',
  'a type': "type A = import('#db/client.ts').A;",
  'an export': "export { a } from '#db/client.ts';",
  'an export of everything': "export * from '#db/client.ts';",
  'a require': "const { a } = require('#db/client.ts');",
  'a resolved name': "const file = import.meta.resolve('#db/client.ts');",
};
test.each(Object.entries(forms))('finds %s', (_form, line) => {
  expect(boundaryProblems('schema/a.ts', `const first = 1;\n${line}\n`)).not.toEqual([]);
});

test('says in which line an import is', () => {
  const text = "import { a } from '#domain/viewer.ts';\nimport {\n  b,\n} from '#db/client.ts';\n";
  expect(importsOf(text).map(({ specifier, line }) => [specifier, line])).toEqual([
    ['#domain/viewer.ts', 1],
    ['#db/client.ts', 4],
  ]);
});

test('types of the driver are free, its values are not', () => {
  expect(boundaryProblems('events/log/a.ts', "import type { Sql } from 'postgres';")).toEqual([]);
  expect(boundaryProblems('events/log/a.ts', "import postgres from 'postgres';")).toHaveLength(1);
  expect(boundaryProblems('http/a.ts', "import type { Sql } from 'postgres';")).toHaveLength(1);
});

test('a folder that the table does not know is refused', () => {
  expect(boundaryProblems('helpers/a.ts', '')).toEqual([expect.stringContaining('no row')]);
});

test('no file crosses a boundary, and the check has read all files', async () => {
  expect(await checkBoundaries(root)).toEqual({ state: 'ok', output: '' });
  const files = await productionFiles(root);
  const texts = await Promise.all(files.map((file) => readFile(join(root, 'src', file), 'utf8')));
  for (const [index, text] of texts.entries())
    expect(importsOf(text).length, files[index]).toBeGreaterThanOrEqual(
      [...text.matchAll(/^(?:import|\} from) .*/gm)].filter(([line]) => line.includes("'")).length,
    );
});

test('docs/architecture.md prints the table', async () => {
  // To print it: node scripts/check/boundaries.ts
  expect(await readFile(join(root, 'docs/architecture.md'), 'utf8')).toContain(printTable());
});

interface Report {
  summary: { changed: number; unchanged: number };
  diagnostics: { category: string; message: string; location: { path: string } }[];
}

function lint(cwd: string, ...paths: string[]): Promise<Report> {
  // With --only the linter would also report where an override has switched a rule off.
  const args = ['lint', '--reporter=json', '--vcs-enabled=false', '--max-diagnostics=none', ...paths];
  return new Promise((done, fail) => {
    execFile(join(root, 'node_modules/.bin/biome'), args, { cwd, maxBuffer: 16 * 1024 * 1024 }, (error, stdout) => {
      if (stdout === '') fail(error ?? new Error('The linter said nothing.'));
      else done(JSON.parse(stdout));
    });
  });
}

// The rules of biome.jsonc on a tree of canaries, away from the real one.
const canaries = await mkdtemp(join(tmpdir(), 'frontrow-canaries-'));
afterAll(() => rm(canaries, { recursive: true }));

test('the linter finds files that import each other in a circle', async () => {
  await copyFile(join(root, 'biome.jsonc'), join(canaries, 'biome.jsonc'));
  for (const [file, other] of [
    ['a.ts', './b.ts'],
    ['b.ts', './a.ts'],
  ] as const) {
    const path = join(canaries, 'src/domain/circle', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, importing(other));
  }
  const { diagnostics } = await lint(canaries, 'src/domain/circle');
  expect(diagnostics.map(({ category }) => category)).toContain('lint/suspicious/noImportCycles');
});

test('no files import each other in a circle, and the linter has read all files', async () => {
  const entries = await Promise.all(['src', 'test'].map((dir) => readdir(join(root, dir), { recursive: true })));
  const files = entries.flat().filter((file) => file.endsWith('.ts'));
  const { diagnostics, summary } = await lint(root, 'src', 'test');
  const circles = diagnostics.filter(({ category }) => category === 'lint/suspicious/noImportCycles');
  expect(circles.map(({ location, message }) => `${location.path}: ${message}`)).toEqual([]);
  expect(summary.changed + summary.unchanged).toBeGreaterThanOrEqual(files.length);
  expect(files.length).toBeGreaterThan(60);
});
