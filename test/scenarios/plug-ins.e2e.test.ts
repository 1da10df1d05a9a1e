import { afterAll, beforeAll, expect, test } from 'vitest';
import { transports } from '#test/fans/transports.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

// The module of docs/recipes/plug-ins.md, unchanged.
let system: System;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'], env: { PLUGINS: 'docs/examples/usage-reporter.ts' } });
});
afterAll(() => system.stop());

test('a plug-in from outside sees each operation, on each transport', async () => {
  const query = 'query Used { __typename }';
  for (const over of Object.values(transports)) {
    const { meaning } = await over(system.apiUrl, { query, variables: {} });
    expect(meaning).toContain('{"__typename":"Query"}');
  }
  const reports = () =>
    system.lines.filter((line) => line.includes('"used"')).map((line) => JSON.parse(line.replace(/^api: /, '')));
  await expect
    .poll(reports)
    .toEqual(['http', 'sse', 'websocket'].map((transport) => ({ used: 'Used', over: transport })));
});
