import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDataFolder } from './data-folder.ts';

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

test('a folder in use is refused with who has it and what to do', async () => {
  const path = join(parent, 'used');
  const first = await openDataFolder(path);
  await expect(openDataFolder(path)).rejects.toThrow(`Frontrow already runs on ${path} (process ${process.pid})`);
  await first.release();
  await (await openDataFolder(path)).release();
});

test('the lock of a process that was killed is taken over, also when its id is in use again', async () => {
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
