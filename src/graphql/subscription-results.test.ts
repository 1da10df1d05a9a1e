import { expect, test, vi } from 'vitest';
import { SubscriptionResults } from './subscription-results.ts';

test('an error while an event is executed is the last result, and the source is closed', async () => {
  const close = vi.fn(() => {
    throw new Error('A plug-in from outside fails as well.');
  });
  const source = { next: async () => ({ done: false, value: {} }), return: close };
  const results = new SubscriptionResults(source, {
    isShareable: true,
    resultOf: () => Promise.reject(new Error('broken')),
    failureOf: (error) => ({ errors: [{ message: String(error) }] }),
  });
  expect(await results.next()).toEqual({ done: false, value: { errors: [{ message: 'Error: broken' }] } });
  expect(await results.next()).toEqual({ done: true, value: undefined });
  expect(close).toHaveBeenCalledOnce();
});
