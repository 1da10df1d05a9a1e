import { expect, test } from 'vitest';
import { openGateway } from './registry.ts';

test('opens the provider that the configuration names', () => {
  const keys = { apiKey: 'sk_1', webhookSecrets: ['whsec_1'] };
  expect(openGateway({ kind: 'sandbox', url: 'http://127.0.0.1:9', ...keys }).name).toBe('sandbox');
  expect(openGateway({ kind: 'stripe', ...keys }).name).toBe('stripe');
});
