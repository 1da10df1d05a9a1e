import { execFile } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { armFailpoint, failpoint, failpoints } from './failpoint.ts';

afterEach(() => armFailpoint('api', {}));

test('a name that the process does not have is an error, and so is any name in production', () => {
  const arm = (env: Record<string, string>) => () => armFailpoint('api', env);
  expect(arm({ FRONTROW_FAILPOINT: 'inventory.comitted' })).toThrow('It has: inventory.written, inventory.committed');
  expect(arm({ FRONTROW_FAILPOINT: 'relay.appended' })).toThrow('api has no such failpoint');
  expect(arm({ FRONTROW_FAILPOINT: 'inventory.committed', FRONTROW_PROFILE: 'production' })).toThrow('is for tests');
});

test('no process dies unless the failpoint was armed', () => {
  for (const name of Object.values(failpoints).flat()) failpoint(name);
  armFailpoint('api', { FRONTROW_FAILPOINT: '' });
  for (const name of Object.values(failpoints).flat()) failpoint(name);
});

test.each(['api', 'worker', 'payments', 'relay'])(
  '%s does not start with a failpoint that it does not have',
  async (name) => {
    const url = 'postgres://nobody@127.0.0.1:1/none';
    const secret = 'a-secret-that-is-long-enough-for-anybody';
    const env = {
      PATH: process.env.PATH,
      FRONTROW_FAILPOINT: 'nowhere',
      DATABASE_URL: url,
      PAYMENTS_DATABASE_URL: url,
      REDIS_URL: 'redis://127.0.0.1:1',
      GATEWAY_URL: 'http://127.0.0.1:1',
      GATEWAY_API_KEY: secret,
      GATEWAY_WEBHOOK_SECRETS: secret,
      TOKEN_PRIVATE_KEY: newPrivateKey(),
      TICKET_PRIVATE_KEY: newPrivateKey(),
      ADMISSION_KEYS: `k1:${secret}`,
    };
    const answer = await new Promise<{ code: unknown; err: string }>((resolve) => {
      execFile(process.execPath, [`src/processes/${name}.ts`], { env }, (error, _stdout, stderr) =>
        resolve({ code: error?.code, err: stderr }),
      );
    });
    expect(answer).toEqual({ code: 1, err: expect.stringContaining(`${name} has no such failpoint`) });
  },
);
