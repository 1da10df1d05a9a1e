import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchTypesense } from '#processes/dev/servers/fetch-servers.ts';
import { endProcess, freePorts, type LaunchedProcess, launch } from '#processes/dev/servers/server-process.ts';

export type SearchCluster = {
  readonly urls: readonly string[];
  readonly apiKey: string;
  /** The index in `urls` of the node that accepts the writes. */
  leader(): Promise<number>;
  kill(index: number): Promise<void>;
  close(): Promise<void>;
};

const NODES = 3;
const LEADER = 1;

/** Three nodes of one Typesense. */
export async function startSearchCluster(): Promise<SearchCluster> {
  const command = await fetchTypesense(console.error);
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-search-cluster-'));
  const [ports, peers, apiKey] = [await freePorts(NODES), await freePorts(NODES), 'key-of-a-cluster'];
  const nodesFile = join(folder, 'nodes');
  await writeFile(nodesFile, ports.map((port, i) => `127.0.0.1:${peers[i]}:${port}`).join());
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const running: LaunchedProcess[] = [];
  for (const [i, port] of ports.entries()) {
    const dataDir = join(folder, `node-${i}`);
    await mkdir(dataDir);
    const own = [`--data-dir=${dataDir}`, `--api-port=${port}`, `--peering-port=${peers[i]}`, `--nodes=${nodesFile}`];
    const args = [...own, `--api-key=${apiKey}`, '--api-address=127.0.0.1', '--peering-address=127.0.0.1'];
    const more = ['--enable-cors=false', '--healthy-read-lag=5', '--disk-used-max-percentage=95'];
    running.push(
      await launch({
        name: 'Typesense',
        command,
        args: [...args, ...more],
        dataDir,
        stopSignal: 'SIGKILL',
        disposableDir: folder,
      }),
    );
  }
  const stateOf = async (url: string): Promise<number> => {
    try {
      const headers = { 'x-typesense-api-key': apiKey };
      const ask = (path: string) => fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(2000) });
      if ((await ask('/health')).status !== 200) return 0;
      return ((await (await ask('/debug')).json()) as { state?: number }).state ?? 0;
    } catch {
      return 0;
    }
  };
  const leader = async () => {
    for (;;) {
      const states = await Promise.all(urls.map(stateOf));
      const found = states.indexOf(LEADER);
      if (found >= 0) return found;
      await sleep(100);
    }
  };
  while ((await Promise.all(urls.map(stateOf))).some((state) => state === 0)) await sleep(100);
  await leader();
  return {
    urls,
    apiKey,
    leader,
    async kill(index) {
      const node = running[index];
      if (node) await endProcess(node.pid, 'SIGKILL');
    },
    async close() {
      await Promise.all(running.map((node) => node.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
