import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sentenceOf } from '../sentence.ts';
import { openDataFolder } from './data-folder.ts';
import { openKeptPorts } from './kept-ports.ts';

const parent = await mkdtemp(join(tmpdir(), 'frontrow-data-'));
afterAll(() => rm(parent, { recursive: true }));

test('secrets are made once and survive a restart, readable by their owner only', async () => {
  const path = join(parent, 'kept');
  const first = await openDataFolder(path);
  await first.release();
  const second = await openDataFolder(path);
  expect(second.secrets).toEqual(first.secrets);
  expect((await stat(join(path, 'secrets.json'))).mode & 0o077).toBe(0);
});

test('refuses a folder in use, and names the process that uses it and the remedy', async () => {
  const path = join(parent, 'used');
  const first = await openDataFolder(path);
  await expect(openDataFolder(path)).rejects.toThrow(`Frontrow already runs on ${path} (process ${process.pid})`);
  await first.release();
  await (await openDataFolder(path)).release();
});

test('takes over the lock of a killed process, even when another process has its id', async () => {
  const path = join(parent, 'stale');
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'exit');
  for (const owner of [`${gone.pid} 1`, `${process.pid} 1`, '']) {
    await (await openDataFolder(path)).release();
    await writeFile(join(path, 'dev.lock'), owner);
    const opened = await openDataFolder(path);
    expect(await readFile(join(path, 'dev.lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} [0-9]{2,}$`));
    await opened.release();
  }
});

test('refuses a path that cannot be a folder at once, with the reason and the remedy', async () => {
  const file = join(parent, 'a-file');
  await writeFile(file, '');
  await expect(openDataFolder(file)).rejects.toThrow(
    `FRONTROW_DATA can't be ${file}. There is already a file at ${file}, where a folder is needed.`,
  );
  await expect(openDataFolder(join(file, 'below'))).rejects.toThrow(`There is already a file at ${file}`);
  await expect(openDataFolder('/proc/frontrow')).rejects.toThrow(
    "FRONTROW_DATA can't be /proc/frontrow. A folder cannot be created there.",
  );
  await expect(openDataFolder(join(parent, 'x'.repeat(300)))).rejects.toThrow('is too long. Give a shorter one.');
});

test('a full disk and a read-only one are named with the folder and the remedy', () => {
  const error = (code: string) => Object.assign(new Error(`${code}: raw`), { code, path: '/data/x' });
  expect(sentenceOf(error('EROFS'))).toBe(
    'The file system of /data/x is read-only. Give a folder that can be written to.',
  );
  expect(sentenceOf(error('ENOSPC'))).toContain('The disk is full, so /data/x could not be written.');
  expect(
    sentenceOf(
      new TypeError('fetch failed', {
        cause: Object.assign(new Error(), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 4000 }),
      }),
    ),
  ).toBe('No server listens at 127.0.0.1:4000. Is it running?');
  expect(sentenceOf(new Error('a bug'))).toBeUndefined();
});

test('a folder is new until a system was started on it', async () => {
  const path = join(parent, 'new');
  const first = await openDataFolder(path);
  expect(first.isNew).toBe(true);
  await first.release();
  const second = await openDataFolder(path);
  expect(second.isNew).toBe(false);
  await second.release();
});

test('uses the ports of the last start if they are free', async () => {
  const path = join(parent, 'ports');
  await mkdir(path);
  const kept = await openKeptPorts(path);
  const port = await kept.take('PostgreSQL');
  kept.remember({ api: 4711 });
  const together = await Promise.all(['one', 'two', 'three'].map((part) => kept.take(part)));
  const again = await openKeptPorts(path);
  expect(await again.take('PostgreSQL')).toBe(port);
  expect(again.last('api')).toBe(4711);
  expect(['one', 'two', 'three'].map(again.last)).toEqual(together);
  const taken = createServer();
  await new Promise<void>((listening) => taken.listen(port, listening));
  const other = await again.take('PostgreSQL');
  expect(other).not.toBe(port);
  taken.close();
  expect((await openKeptPorts(path)).last('PostgreSQL')).toBe(other);
  await writeFile(join(path, 'ports.json'), '{ broken');
  expect((await openKeptPorts(path)).last('api')).toBeUndefined();
});
