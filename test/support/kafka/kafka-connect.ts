import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fetchKafka } from '#processes/dev/servers/fetch-kafka.ts';
import { jvm } from '#processes/dev/servers/kafka.ts';
import { freePort, launch } from '#processes/dev/servers/server-process.ts';

const folder = resolve(import.meta.dirname, '../../../deploy/debezium');

export type ConnectorName = 'booking-outbox' | 'payments-outbox';

/** Kafka Connect with Debezium's connector, configured by deploy/debezium and these variables, in a JVM of its own. */
export async function startConnect(env: Record<string, string>, dataDir: string) {
  const runtime = await fetchKafka({ log: () => undefined });
  const url = `http://127.0.0.1:${await freePort()}`;
  const properties = join(folder, 'connect.properties');
  const server = await launch({
    name: 'Kafka Connect',
    command: runtime.java,
    args: [...jvm(runtime, 256), 'org.apache.kafka.connect.cli.ConnectDistributed', properties],
    dataDir,
    env: { ...process.env, ...env, CONNECT_LISTENER: url },
    stopSignal: 'SIGKILL',
    disposableDir: dataDir,
  });
  let ended: string | undefined;
  void server.exited.then((outcome) => {
    ended = outcome;
  });
  const ask = async (path: string, init: RequestInit = {}): Promise<Response | undefined> => {
    if (ended !== undefined) throw new Error(ended);
    return fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(30_000) }).catch(() => undefined);
  };
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await delay(100);
  };
  return {
    pid: server.pid,
    exited: server.exited,
    stop: server.stop,
    /** Sends the connector its configuration; resolves when its task runs. */
    async run(name: ConnectorName): Promise<void> {
      const body = await readFile(join(folder, `${name}.json`), 'utf8');
      const headers = { 'content-type': 'application/json' };
      await until(async () => {
        const answer = await ask(`/connectors/${name}/config`, { method: 'PUT', headers, body });
        if (answer?.status === 400) throw new Error(await answer.text());
        return answer?.ok ?? false;
      });
      await until(async () => {
        const status = (await (await ask(`/connectors/${name}/status`))?.json()) as Status | undefined;
        const failed = status?.tasks?.find(({ state }) => state === 'FAILED');
        if (failed) throw new Error(failed.trace);
        return status?.tasks?.[0]?.state === 'RUNNING';
      });
    },
  };
}

type Status = { tasks?: { state: string; trace?: string }[] };
