import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { type GraphqlClient, openGraphqlClient } from './graphql-client.ts';
import { freePort } from './servers/server-process.ts';
import { makeTheatre } from './theatre/make-theatre.ts';

const root = resolve(import.meta.dirname, '../../..');
const folder = await mkdtemp(join(tmpdir(), 'frontrow-dev-'));
const started = new Set<ChildProcess>();
afterAll(async () => {
  for (const child of started) child.kill('SIGTERM');
  await vi.waitFor(() => expect(processesOf(folder)).toEqual([]), { timeout: 30_000, interval: 100 });
  await rm(folder, { recursive: true, force: true });
});

/** Runs the program of `npm start` with a data folder and a port of its own. */
function startDev(dataFolder: string, port: number) {
  const given = ['DATABASE_URL', 'PAYMENTS_DATABASE_URL', 'REDIS_URL', 'TYPESENSE_URL', 'TYPESENSE_API_KEY'];
  const env = { ...process.env, ...Object.fromEntries(given.map((name) => [name, ''])) };
  const child = spawn('node', ['scripts/run.mjs', 'src/processes/dev/main.ts'], {
    cwd: root,
    env: { ...env, FRONTROW_DATA: dataFolder, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  const says = (text: string) =>
    vi
      .waitFor(() => expect(output).toContain(text), { timeout: 90_000, interval: 50 })
      .catch(() => {
        throw new Error(`It did not say "${text}" but:\n${output}`);
      });
  return { child, says };
}

/** Returns the command lines of all processes with a path below this folder in their environment. */
function processesOf(path: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return environment.includes(path) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')] : [];
      } catch {
        return [];
      }
    });
}

const performances = '{ searchEvents(text: "Ollantay", city: "Lima", onSaleOnly: true) { totalCount } }';

/** Passes requests on. The first answer of each mutation is lost, as when the client is killed. */
function withLostAnswers(api: GraphqlClient): GraphqlClient {
  const sent = new Set<string>();
  const loseOnce = (what: string) => {
    if (sent.has(what)) return;
    sent.add(what);
    throw new Error('lost');
  };
  return {
    ...api,
    async mutate<T>(name: string, input: object, success: string): Promise<T> {
      const answer = await api.mutate<T>(name, input, success);
      loseOnce(name);
      return answer;
    },
    async put(url, contentType, bytes) {
      await api.put(url, contentType, bytes);
      loseOnce('put');
    },
  };
}

async function signUp(guest: GraphqlClient): Promise<GraphqlClient> {
  const account = { displayName: 'Another theatre', email: 'another@example.org', password: 'correct horse battery' };
  type Opened = { session: { accessToken: string } };
  const { session } = await guest.mutate<Opened>('signUp', account, 'session { accessToken }');
  return guest.as(session.accessToken);
}

test('starts from an empty folder, answers a query, does so again on the same data, and leaves no process after a stop', {
  timeout: 240_000,
}, async () => {
  const data = join(folder, 'kept');
  const port = await freePort();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const dev = startDev(data, port);
    await dev.says(`Frontrow is ready: http://localhost:${port}`);
    const guest = openGraphqlClient(`http://localhost:${port}`);
    await vi.waitFor(
      async () => expect(await guest.ask(performances)).toEqual({ searchEvents: { totalCount: 6 } }),
      10_000,
    );
    await dev.says('sign in as teatro-municipal@example.org with the password');
    if (signal === 'SIGINT') await makeTheatreWithLostAnswers(await signUp(guest));
    const second = startDev(data, await freePort());
    await second.says(`Frontrow already runs on ${data}`);
    expect(processesOf(data).join('\n')).toContain('src/processes/worker.ts');
    dev.child.kill(signal);
    const [code] = await once(dev.child, 'exit');
    expect(code).toBe(0);
    expect(processesOf(data)).toEqual([]);
  }
});

/** A step that was made before its answer was lost is not made again. */
async function makeTheatreWithLostAnswers(api: GraphqlClient): Promise<void> {
  const unreliable = withLostAnswers(api);
  const outcomes: string[] = [];
  while (outcomes.at(-1) !== 'made') {
    outcomes.push(
      await makeTheatre(unreliable).then(
        () => 'made',
        (error: Error) => error.message,
      ),
    );
    expect(outcomes.at(-1)).toMatch(/^(made|lost)$/);
  }
  expect(outcomes).toHaveLength(13);
  const { viewer } = await api.ask<object & { viewer: { organizations: object[] } }>(`{ viewer { organizations {
    name venues { nodes { name seatingPlans { nodes { seatCount status } } } }
    events(first: 50) { nodes { status priceTiers { name } allocations { name seats } } } } } }`);
  const allocations = [
    { name: 'House', seats: 12 },
    { name: 'Presale', seats: 96 },
  ];
  const event = { status: 'PUBLISHED', priceTiers: [{ name: 'Standard' }, { name: 'Premium' }], allocations };
  const seatingPlans = { nodes: [{ seatCount: 1200, status: 'PUBLISHED' }] };
  const venues = { nodes: [{ name: 'Teatro Municipal de Lima', seatingPlans }] };
  expect(viewer.organizations).toEqual([
    { name: 'Teatro Municipal', venues, events: { nodes: Array.from({ length: 6 }, () => event) } },
  ]);
}

test.each([
  ['a file', () => join(folder, 'a-file'), 'where a folder is needed'],
  ['a place that allows no folders', () => '/proc/frontrow', 'A folder cannot be created there.'],
])('when FRONTROW_DATA is %s, the start ends at once with the path and the remedy', async (_name, path, reason) => {
  await writeFile(join(folder, 'a-file'), '');
  const dev = startDev(path(), await freePort());
  await dev.says(`Frontrow did not start. FRONTROW_DATA can't be ${path()}.`);
  await dev.says(reason);
  await dev.says('FRONTROW_DATA=/path npm start');
  if (dev.child.exitCode === null) await once(dev.child, 'exit');
  expect(dev.child.exitCode).toBe(1);
});
