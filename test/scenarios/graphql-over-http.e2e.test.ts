import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'], env: { RATE_LIMITS: 'off' } });
});
afterAll(() => system.stop());

const audits = serverAudits({ url: () => `${system.apiUrl}/graphql` });

test.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))('%s', async (_name, audit) => {
  const result = await audit.fn();
  expect(result.status === 'ok' ? 'ok' : result.reason).toBe('ok');
});
