import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKafka } from '#processes/dev/servers/kafka.ts';
import type { RunningServer } from '#processes/dev/servers/server-process.ts';
import { newPrefix, testKafka } from '#test/support/kafka/kafka.ts';
import { type ProcessName, type System, startSystem } from '#test/support/system/system.ts';

const patience = { timeout: 60_000, interval: 250 };

describe.runIf(await testKafka())('the event log is on Kafka', { timeout: 180_000 }, () => {
  let folder: string;
  let broker: RunningServer;
  let system: System;
  const start = (port?: number) =>
    startKafka({ dataDir: folder, port, log: () => undefined, durable: false, disposableDir: folder });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frontrow-kafka-'));
    broker = await start();
    const kafka = { brokers: [broker.url], prefix: newPrefix() };
    system = await startSystem({ processes: ['payments', 'relay', 'worker'], log: 'kafka', kafka });
  }, 180_000);
  afterAll(async () => {
    await system?.stop();
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const ready = async (name: ProcessName) => {
    const response = await fetch(`${system.metricsUrl(name)}/ready?verbose`);
    return { ...((await response.json()) as object), status: response.status };
  };
  const isUp = { status: 200, dependencies: { kafka: { state: 'up' } } };

  test('the broker goes away: /ready?verbose names it with the reason, until it is back', async () => {
    const processes = ['worker', 'relay', 'payments'] as const;
    for (const name of processes) await expect.poll(() => ready(name), patience).toMatchObject(isUp);

    process.kill(broker.pid, 'SIGKILL');
    await broker.exited;
    const reason = expect.stringMatching(/KAFKA_BROKERS .*\((ECONNREFUSED|ECONNRESET|PLT_KFK_\w+)/);
    const kafka = { state: 'down', reason };
    for (const name of ['worker', 'relay'] as const)
      await expect.poll(() => ready(name), patience).toMatchObject({ status: 503, dependencies: { kafka } });
    // It still accepts webhooks, which need no broker.
    await expect.poll(() => ready('payments'), patience).toMatchObject({ status: 200, dependencies: { kafka } });

    broker = await start(broker.port);
    for (const name of processes) await expect.poll(() => ready(name), patience).toMatchObject(isUp);
  });

  test('the broker is away when a worker starts: the worker names it, waits, and is ready when the broker is back', async () => {
    await system.kill('worker', 'SIGTERM');
    process.kill(broker.pid, 'SIGKILL');
    await broker.exited;
    const before = system.lines.length;
    await system.start('worker');
    const said = () => system.lines.slice(before).join('\n');
    expect(said()).toMatch(/KAFKA_BROKERS/);
    await expect
      .poll(() => ready('worker'), patience)
      .toMatchObject({
        status: 503,
        dependencies: { kafka: { state: 'down', reason: expect.stringContaining('KAFKA_BROKERS') } },
      });
    broker = await start(broker.port);
    await expect.poll(() => ready('worker'), patience).toMatchObject(isUp);
  });
});
