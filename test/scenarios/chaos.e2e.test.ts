import { expect, test } from 'vitest';
import { failuresOf, reportOf } from '#test/chaos/checks/run-checks.ts';
import { runChaos } from '#test/chaos/run-chaos.ts';

test('eight faults within seconds under load break no promise', async () => {
  const result = await runChaos({
    seed: 1,
    seconds: 12,
    log: 'postgres',
    paceMs: 850,
    holdTtlSeconds: 5,
    fans: 8,
    domainLanes: 48,
    watchers: 8,
    hotEvents: 4,
    rate: { fans: 0, domain: 0 },
    convergesWithinMs: 90_000,
    tell: () => undefined,
  });
  expect(result.faults).toHaveLength(8);
  expect(failuresOf(result.checks), `${reportOf(result.checks)}\n${result.folder}`).toEqual([]);
}, 180_000);
