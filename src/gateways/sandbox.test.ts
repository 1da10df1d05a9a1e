import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GatewayUnavailable } from '#domain/payments/gateway.ts';
import { startSandboxGateway } from '#processes/gateway-sandbox/server.ts';
import { gatewayChangesConformance } from '#test/support/payments/gateway-changes-conformance.ts';
import { gatewayConformance } from '#test/support/payments/gateway-conformance.ts';
import type { GatewayWorld } from '#test/support/payments/gateway-world.ts';
import { openNoticeReceiver } from '#test/support/payments/notice-receiver.ts';
import { openSandboxGateway } from './sandbox.ts';

const apiKey = 'sk_sandbox_for_tests';
const secret = 'whsec_for_tests_only';
const noticeTypes = {
  paid: 'session.paid',
  declined: 'session.declined',
  expired: 'session.expired',
  refunded: 'session.refunded',
};

async function openWorld(): Promise<GatewayWorld> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'frontrow-gateway-'));
  const receiver = await openNoticeReceiver();
  const process = await startSandboxGateway({ dataFolder, apiKey, webhookSecret: secret, webhookUrl: receiver.url });
  const decide = async (url: string, outcome: string) => {
    const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ outcome }) });
    expect(response.status).toBe(200);
  };
  return {
    secret,
    open: (options = {}) =>
      openSandboxGateway({
        kind: 'sandbox',
        url: process.url,
        apiKey: options.apiKey ?? apiKey,
        webhookSecrets: options.secrets ?? [secret],
        timeoutMs: options.timeoutMs,
      }),
    pay: ({ url }) => decide(url, 'pay'),
    decline: ({ url }) => decide(url, 'decline'),
    notice: (bookingId, about) =>
      receiver.waitFor(({ rawBody }) => {
        const { type, data } = JSON.parse(rawBody.toString());
        return type === noticeTypes[about] && data.object.metadata.booking_id === bookingId;
      }),
    sign(rawBody, key, at) {
      const seconds = Math.floor(at.getTime() / 1000);
      const hex = createHmac('sha256', key).update(`${seconds}.`).update(rawBody).digest('hex');
      return { 'frontrow-signature': `t=${seconds},v1=${hex}` };
    },
    async trouble(switches) {
      const headers = { authorization: `Bearer ${apiKey}` };
      const body = JSON.stringify(switches);
      const response = await fetch(`${process.url}/v1/trouble`, { method: 'PUT', headers, body });
      expect(response.status).toBe(200);
    },
    async close() {
      await process.close();
      await receiver.close();
      await rm(dataFolder, { recursive: true });
    },
  };
}

gatewayConformance('the sandbox adapter', openWorld);
gatewayChangesConformance('the sandbox adapter', openWorld);

const config = { kind: 'sandbox', apiKey, webhookSecrets: [secret] } as const;

test('a gateway that is not reachable is an unknown result', async () => {
  const gateway = openSandboxGateway({ ...config, url: 'http://127.0.0.1:9' });
  await expect(gateway.getSession('cs_1')).rejects.toBeInstanceOf(GatewayUnavailable);
});

test.each([
  ['an answer that is not JSON', 200, '<html>'],
  ['an answer of another shape', 200, '{"id":"cs_1"}'],
  ['a proxy that is overloaded', 429, 'slow down'],
])('%s is an unknown result', async (_what, status, body) => {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  try {
    const gateway = openSandboxGateway({ ...config, url: `http://127.0.0.1:${port}/` });
    await expect(gateway.getSession('cs_1')).rejects.toBeInstanceOf(GatewayUnavailable);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
