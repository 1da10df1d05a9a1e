import { expect, test } from 'vitest';
import { parseSandboxSettings, SettingsError } from './settings.ts';
import { troubleSwitches } from './trouble.ts';

const good = {
  GATEWAY_PORT: '4002',
  GATEWAY_DATA: '/var/lib/gateway',
  GATEWAY_API_KEY: 'sk_sandbox_0123456789',
  GATEWAY_WEBHOOK_SECRET: 'whsec_0123456789abcdef',
  GATEWAY_WEBHOOK_URL: 'http://localhost:4001/webhooks/gateway',
};

const problemsOf = (env: Record<string, string | undefined>): readonly string[] => {
  try {
    parseSandboxSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

test('starts with only the required settings, and listens on loopback only', () => {
  expect(parseSandboxSettings(good)).toEqual({
    host: '127.0.0.1',
    port: 4002,
    dataFolder: '/var/lib/gateway',
    apiKey: 'sk_sandbox_0123456789',
    webhookSecret: 'whsec_0123456789abcdef',
    webhookUrl: 'http://localhost:4001/webhooks/gateway',
    publicUrl: undefined,
    trouble: troubleSwitches.parse({}),
  });
});

test('starts with the switches of its environment, and refuses what is not one', () => {
  const settings = parseSandboxSettings({ ...good, GATEWAY_TROUBLE: '{"failRefunds":0.1}' });
  expect(settings.trouble).toMatchObject({ failRefunds: 0.1, disputesLost: 0 });
  for (const GATEWAY_TROUBLE of ['{"failRefund":1}', 'failRefunds'])
    expect(problemsOf({ ...good, GATEWAY_TROUBLE })).toMatchObject([expect.stringContaining('. Set it')]);
});

test('names every problem at once, with what to set', () => {
  const problems = problemsOf({ GATEWAY_PORT: '70000', GATEWAY_API_KEY: 'short', GATEWAY_WEBHOOK_URL: 'ftp://x' });
  expect(problems).toHaveLength(5);
  for (const name of ['PORT', 'DATA', 'API_KEY', 'WEBHOOK_SECRET', 'WEBHOOK_URL']) {
    expect(problems.join('\n')).toMatch(new RegExp(`GATEWAY_${name} .*\\. Set`));
  }
});

test('a public address loses its last slash, so that page addresses have one', () => {
  const settings = parseSandboxSettings({ ...good, GATEWAY_PUBLIC_URL: 'https://pay.example/' });
  expect(settings.publicUrl).toBe('https://pay.example');
});

test.each(['', 'abc', '-1', '65536', '80.5'])('refuses %j as a port', (port) => {
  expect(problemsOf({ ...good, GATEWAY_PORT: port })).toHaveLength(1);
});
