import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const vendored = join(root, 'vendor/postgres');
const patches = join(root, 'docs/upstream/postgres');
const folder = mkdtempSync(join(tmpdir(), 'frontrow-vendored-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The checksum of each file, by its path, without the package.json that Frontrow has written. */
function checksums(of: string): Record<string, string> {
  const files = readdirSync(of, { recursive: true, encoding: 'utf8' }).filter((file) => /^(src|types)\/.+/.test(file));
  return Object.fromEntries(files.sort().map((file) => [file, hash('sha256', readFileSync(join(of, file)))]));
}

function release(): Record<string, string> {
  const lines = readFileSync(join(root, 'vendor/postgres.release.sha256'), 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split('  ').reverse()));
}

test('the vendored driver is the published release with the patches, and nothing else', () => {
  cpSync(vendored, folder, { recursive: true });
  const names = readdirSync(patches).filter((name) => name.endsWith('.patch'));
  expect(names.length).toBeGreaterThan(5);
  // Outside of a repository, or git leaves out files that the repository does not know.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(realpathSync(folder)) };
  for (const name of names.sort().reverse())
    execFileSync('git', ['apply', '-R', join(patches, name)], { cwd: folder, env });
  expect(checksums(folder)).toEqual(release());
  expect(checksums(vendored)).not.toEqual(release());
});

test('the driver that the code imports is the vendored one', () => {
  const imported = fileURLToPath(import.meta.resolve('postgres'));
  expect(realpathSync(imported)).toBe(realpathSync(join(vendored, 'src/index.js')));
});

test('a tool that uses `require` gets the same driver', () => {
  const required = createRequire(import.meta.url)('postgres');
  expect(required).toBe(postgres);
});

test('each patch says what it changes and why', () => {
  for (const name of readdirSync(patches).filter((file) => file.endsWith('.patch'))) {
    const [text = ''] = readFileSync(join(patches, name), 'utf8').split('\n---\n');
    const [title = '', ...reasons] = text.trim().split('\n\n');
    expect(title.length, name).toBeLessThan(80);
    expect(reasons.join(' ').length, name).toBeGreaterThan(100);
  }
});
