import { connect, createServer } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { keptPartsOf, reserveServicePorts } from './ports.ts';
import { freePort, freePorts, isPortFree } from './servers/server-process.ts';

/** A free port after a free one, below the ports that the system gives to outgoing connections. */
async function portAfterFree(): Promise<number> {
  const port = await freePort();
  return (await isPortFree(port + 1)) ? port + 1 : portAfterFree();
}

const taken = await portAfterFree();
const listening = createServer();
await new Promise<void>((resolve) => listening.listen(taken, '127.0.0.1', resolve));
afterAll(() => listening.close());

test('PORT sets the port of the API, and all ports differ', async () => {
  const port = await freePort();
  const ports = await reserveServicePorts(String(port));
  expect(ports).toMatchObject({ api: port, notice: undefined });
  expect(new Set([ports.api, ports.payments, ports.gateway, ...Object.values(ports.metrics)]).size).toBe(7);
  await ports.release();
});

test('keeps ports reserved until they are released, so that only one of two starting copies gets a port', async () => {
  const port = await freePort();
  const ports = await reserveServicePorts(String(port));
  await expect(reserveServicePorts(String(port))).rejects.toThrow(`PORT ${port} is taken`);
  const beside = await reserveServicePorts('0');
  expect([ports.api, ports.payments, ports.gateway]).not.toContain(beside.api);
  await Promise.all([ports.release(), beside.release()]);
  expect(await isPortFree(port)).toBe(true);
});

test('a reserved port refuses connections at once', async () => {
  const ports = await reserveServicePorts('0');
  const socket = connect(ports.api, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  await ports.release();
});

test('refuses a PORT that is taken, with the remedy', async () => {
  await expect(reserveServicePorts(String(taken))).rejects.toThrow(`PORT ${taken} is taken`);
});

test('services use other ports when the port after the API is taken', async () => {
  const ports = await reserveServicePorts(String(taken - 1));
  expect(ports.payments).not.toBe(taken);
  await ports.release();
});

test.each(['x', '-1', '1.5', '70000'])('PORT=%s is refused', async (wanted) => {
  await expect(reserveServicePorts(wanted)).rejects.toThrow(`PORT is "${wanted}"`);
});

test('uses the ports of the last start again when PORT is not set', async () => {
  const [api = 0, payments = 0, gateway = 0, metrics = 0] = await freePorts(4);
  const last: Record<string, number> = { api, payments, gateway, 'metrics-api': metrics };
  const ports = await reserveServicePorts(undefined, (part) => last[part]);
  expect(ports).toMatchObject({ api, payments, gateway, metrics: { api: metrics }, notice: undefined });
  await ports.release();
  const asked = await reserveServicePorts(String(await freePort()), (part) => last[part]);
  expect(asked.api).not.toBe(api);
  expect(keptPartsOf(asked)).toMatchObject({ api: asked.api, 'metrics-worker': asked.metrics.worker });
  await asked.release();
});
