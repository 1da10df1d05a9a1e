import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const biome = join(root, 'node_modules/.bin/biome');

interface Report {
  summary: { changed: number; unchanged: number };
  diagnostics: { category: string; message: string; location: { path: string } }[];
}

function lint(cwd: string, ...paths: string[]): Promise<Report> {
  // With --only the linter would also report where an override has switched a rule off.
  const args = ['lint', '--reporter=json', '--vcs-enabled=false', '--max-diagnostics=none', ...paths];
  return new Promise((done, fail) => {
    execFile(biome, args, { cwd, maxBuffer: 16 * 1024 * 1024 }, (error, stdout) => {
      if (stdout === '') fail(error ?? new Error('The linter said nothing.'));
      else done(JSON.parse(stdout));
    });
  });
}

// The rules of biome.jsonc on a tree of canaries, away from the real one.
const canaries = await mkdtemp(join(tmpdir(), 'frontrow-canaries-'));
afterAll(() => rm(canaries, { recursive: true }));
await copyFile(join(root, 'biome.jsonc'), join(canaries, 'biome.jsonc'));

async function plant(file: string, imported: string): Promise<void> {
  const path = join(canaries, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `import { thing } from '${imported}';\n\nexport const canary = thing;\n`);
}

const forbidden = [
  ['src/http/a.ts', '#db/client.ts'],
  ['src/http/b.ts', 'postgres'],
  ['src/http/c.ts', '#workers/run-worker.ts'],
  ['src/http/d.ts', '#events/contracts.ts'],
  ['src/schema/a.ts', '#db/client.ts'],
  ['src/schema/b.ts', '#redis/client.ts'],
  ['src/schema/booking/c.ts', '../../db/client.ts'],
  ['src/schema/d.ts', 'drizzle-orm'],
  ['src/schema/e.ts', '#domain/payments/record-notice.ts'],
  ['src/domain/booking/a.ts', '#http/graphql.ts'],
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
] as const;

const allowed = [
  ['src/http/ok.ts', '#domain/viewer.ts'],
  ['src/http/ok-origin.ts', '#events/origin.ts'],
  ['src/schema/ok.ts', '#domain/viewer.ts'],
  ['src/domain/booking/ok.ts', '#db/client.ts'],
  ['src/domain/booking/ok-redis.ts', '#redis/client.ts'],
  ['src/domain/payments/ok.ts', '#db/payments/tables.ts'],
  ['src/domain/payments/ok-plumbing.ts', '#db/transaction.ts'],
  ['src/workers/ok.ts', '#domain/booking/expire-holds.ts'],
  ['src/gateways/ok.ts', '#domain/payments/gateway.ts'],
  ['src/db/ok.ts', '#events/contracts.ts'],
  ['src/db/ok-origin.ts', '#events/origin.ts'],
  ['src/observability/ok.ts', '#listener/http-listener.ts'],
  ['src/http/ok-listener.ts', '#listener/http-listener.ts'],
  ['src/processes/ok.ts', '#db/client.ts'],
] as const;

test('the linter refuses each forbidden import of each folder, and no other', async () => {
  for (const [file, imported] of [...forbidden, ...allowed]) await plant(file, imported);
  const { diagnostics } = await lint(canaries, 'src');
  const refused = diagnostics.filter(({ category }) => category === 'lint/style/noRestrictedImports');
  expect(refused.map(({ location }) => location.path).sort()).toEqual(forbidden.map(([file]) => file).sort());
});

test('the linter finds files that import each other in a circle', async () => {
  await plant('src/domain/circle/a.ts', './b.ts');
  await plant('src/domain/circle/b.ts', './a.ts');
  const { diagnostics } = await lint(canaries, 'src/domain/circle');
  expect(diagnostics.map(({ category }) => category)).toContain('lint/suspicious/noImportCycles');
});

test('no file has a forbidden import, and the linter has read all files', {
  timeout: 120_000,
}, async () => {
  const entries = await Promise.all(['src', 'test'].map((dir) => readdir(join(root, dir), { recursive: true })));
  const files = entries.flat().filter((file) => file.endsWith('.ts'));
  const { diagnostics, summary } = await lint(root, 'src', 'test');
  const boundaries = ['lint/style/noRestrictedImports', 'lint/suspicious/noImportCycles'];
  const crossed = diagnostics.filter(({ category }) => boundaries.includes(category));
  expect(crossed.map(({ location, message }) => `${location.path}: ${message}`)).toEqual([]);
  expect(summary.changed + summary.unchanged).toBeGreaterThanOrEqual(files.length);
  expect(files.length).toBeGreaterThan(60);
});

/** A folder of the domain imports folders that come before it, and files of src/domain itself. */
const DOMAIN_ORDER = ['mail', 'hoarding', 'account', 'catalog', 'inventory', 'booking', 'waiting-room'];

test('each folder of the domain imports earlier ones only; payments stands apart', async () => {
  const domain = join(root, 'src/domain');
  const files = (await readdir(domain, { recursive: true })).filter(
    (file) => file.includes('/') && file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  const backward: string[] = [];
  for (const file of files) {
    const [folder = ''] = file.split('/');
    const text = await readFile(join(domain, file), 'utf8');
    for (const [, imported = ''] of text.matchAll(/from '(?:#domain\/|(?:\.\.\/)+)([a-z-]+)\/[^']+'/g)) {
      if (imported === folder || !existsSync(join(domain, imported))) continue;
      if (DOMAIN_ORDER.indexOf(imported) >= DOMAIN_ORDER.indexOf(folder)) backward.push(`${file} imports ${imported}`);
    }
  }
  expect(files.length).toBeGreaterThan(100);
  expect(backward).toEqual([]);
});
