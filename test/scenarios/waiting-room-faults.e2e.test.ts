import { expect, test } from 'vitest';
import { runLive, sizeOf } from '#test/support/waiting-room/run-live.ts';

test('three hundred fans keep their places and turns, within the capacity, while Redis, workers and an api process are killed', async () => {
  const lines: string[] = [];
  const { faults, violations } = await runLive(sizeOf(300), (line) => lines.push(line), 'sockets');
  expect(violations, lines.join('\n')).toEqual([]);
  expect(faults).toHaveLength(6);
}, 180_000);
