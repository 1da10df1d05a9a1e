import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { isAlive } from './servers/server-process.ts';
import { runOnce, supervise } from './supervisor.ts';

const folder = await mkdtemp(join(tmpdir(), 'frontrow-supervisor-'));
afterAll(() => rm(folder, { recursive: true }));

async function program(name: string, source: string) {
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, source);
  return { name, command: [file, join(folder, name)], env: process.env };
}

/** Appends its process id to the given file at each start. */
const noteStart = `import { appendFileSync } from 'node:fs'; appendFileSync(process.argv[2], process.pid + '\\n');`;
const startsOf = async (name: string) => (await readFile(join(folder, name), 'utf8')).trim().split('\n').map(Number);

test('a process that crashes is started again', async () => {
  const source = `${noteStart} setInterval(() => {}, 1000); process.send({ ready: true });`;
  const supervisor = supervise([await program('crashes', source)]);
  await supervisor.ready;
  const [first = 0] = await startsOf('crashes');
  process.kill(first, 'SIGKILL');
  await vi.waitFor(async () => expect(await startsOf('crashes')).toHaveLength(2), { timeout: 25_000 });
  const [, second = 0] = await startsOf('crashes');
  expect(isAlive(first)).toBe(false);
  expect(isAlive(second)).toBe(true);
  await supervisor.stop();
  expect(isAlive(second)).toBe(false);
});

test('is ready when every process has reported that it is', async () => {
  const go = join(folder, 'go');
  const early = await program('early', `${noteStart} process.send({ ready: true }); setInterval(() => {}, 1000);`);
  const late = await program(
    'late',
    `import { existsSync } from 'node:fs';
     const wait = setInterval(() => {
       if (existsSync(${JSON.stringify(go)})) process.send({ ready: true });
     }, 20);`,
  );
  const supervisor = supervise([early, late]);
  let ready = false;
  const whenReady = supervisor.ready.then(() => {
    ready = true;
  });
  await vi.waitFor(() => startsOf('early'), { timeout: 25_000 });
  expect(ready).toBe(false);
  await writeFile(go, '');
  await whenReady;
  await supervisor.stop();
});

test('a stop ends every process, even one that ignores SIGTERM', async () => {
  const polite = await program('polite', `${noteStart} setInterval(() => {}, 1000); process.send({ ready: true });`);
  const deaf = await program(
    'deaf',
    `process.on('SIGTERM', () => {}); ${noteStart} setInterval(() => {}, 1000); process.send({ ready: true });`,
  );
  const supervisor = supervise([polite, deaf]);
  await supervisor.ready;
  const pids = supervisor.pids();
  expect(pids.filter(isAlive)).toHaveLength(2);
  await supervisor.stop(500);
  expect(pids.filter(isAlive)).toHaveLength(0);
});

test('when the supervising process is killed, the supervised processes end', async () => {
  const child = await program('orphan', `${noteStart} setInterval(() => {}, 1000); process.send({ ready: true });`);
  const supervisorUrl = new URL('./supervisor.ts', import.meta.url).href;
  const parent = await program(
    'parent',
    `import { supervise } from ${JSON.stringify(supervisorUrl)};
     const child = { name: 'orphan', command: ${JSON.stringify(child.command)}, env: process.env };
     await supervise([child]).ready;
     process.kill(process.pid, 'SIGKILL');`,
  );
  await expect(runOnce(parent, new AbortController().signal)).rejects.toThrow('parent failed (SIGKILL)');
  const [orphan = 0] = await startsOf('orphan');
  await vi.waitFor(() => expect(isAlive(orphan)).toBe(false), { timeout: 25_000 });
});
