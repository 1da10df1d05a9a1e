import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, isPortFree, launch } from '#processes/dev/servers/server-process.ts';

const examples = resolve(import.meta.dirname, '../../../deploy');

export type Balancer = { readonly url: string; stop(): Promise<void> };
export type Upstreams = readonly [first: string, second: string];

/** nginx with deploy/nginx/frontrow.conf, with only the ports changed. */
export async function startNginx(command: string, upstreams: Upstreams): Promise<Balancer> {
  const port = await freePort();
  const site = await exampleFor('nginx/frontrow.conf', upstreams, (text) =>
    text.replace('listen 80;', `listen 127.0.0.1:${port};`),
  );
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return await start({ name: 'nginx', port }, async (folder) => {
    await writeFile(join(folder, 'frontrow.conf'), site);
    const file = join(folder, 'nginx.conf');
    // The relevant parts of Debian's own nginx.conf, in a folder of this test.
    await writeFile(
      file,
      `daemon off;\nworker_processes 1;\npid ${folder}/pid;\nerror_log stderr warn;\nevents { worker_connections 4096; }\nhttp {
access_log off;
${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
include ${folder}/frontrow.conf;\n}\n`,
    );
    return { command, args: ['-p', folder, '-e', 'stderr', '-c', file] };
  });
}

/** HAProxy with deploy/haproxy/haproxy.cfg, with only the ports changed. */
export async function startHaproxy(command: string, upstreams: Upstreams): Promise<Balancer> {
  const port = await freePort();
  const text = await exampleFor('haproxy/haproxy.cfg', upstreams, (found) =>
    found.replace('bind :80', `bind 127.0.0.1:${port}`),
  );
  return await start({ name: 'HAProxy', port }, async (folder) => {
    const file = join(folder, 'haproxy.cfg');
    await writeFile(file, text);
    return { command, args: ['-db', '-f', file] };
  });
}

async function exampleFor(file: string, upstreams: Upstreams, bind: (text: string) => string): Promise<string> {
  const text = await readFile(join(examples, file), 'utf8');
  const [first, second] = upstreams.map((url) => new URL(url).host);
  return bind(text.replaceAll('127.0.0.1:4000', first ?? '').replaceAll('127.0.0.1:4010', second ?? ''));
}

async function start(
  { name, port }: { name: string; port: number },
  prepare: (folder: string) => Promise<{ command: string; args: string[] }>,
): Promise<Balancer> {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-balancer-'));
  const { command, args } = await prepare(folder);
  const server = await launch({ name, command, args, dataDir: folder, disposableDir: folder });
  let ended: string | undefined;
  void server.exited.then((outcome) => {
    ended = outcome;
  });
  while (await isPortFree(port)) {
    if (ended !== undefined) throw new Error(ended);
    await sleep(20);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
