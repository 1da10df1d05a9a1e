import { expect, test, vi } from 'vitest';
import { foldBursts, renderLine } from './pretty-log.ts';

test('a log record is rendered with time, level, message and fields', () => {
  const record = {
    level: 40,
    time: Date.UTC(2026, 5, 11, 19, 30),
    pid: 1,
    hostname: 'h',
    msg: 'slow',
    ms: 12,
    of: 'a b',
  };
  expect(renderLine(JSON.stringify(record))).toBe('19:30:00.000 WARN  slow ms=12 of="a b"');
});

test('renders a time that is written as text', () => {
  expect(renderLine('{"level":30,"time":"2026-06-11T19:30:00.5Z","msg":"ready"}')).toBe('19:30:00.500 INFO  ready');
});

test('shows the stack of an error unchanged', () => {
  const record = {
    level: 50,
    time: 0,
    msg: 'failed',
    err: { type: 'Error', message: 'm', stack: 'Error: m\n    at x' },
  };
  expect(renderLine(JSON.stringify(record))).toBe('00:00:00.000 ERROR failed err=\nError: m\n    at x');
});

test.each(['plain text', '{ not json', '{"other":"json"}'])(
  'leaves a line that is not a log record unchanged: %s',
  (line) => {
    expect(renderLine(line)).toBe(line);
  },
);

test('shows three of hundreds of handled messages of a kind and counts the rest, and shows all other lines', async () => {
  const lines: string[] = [];
  const print = foldBursts((line) => lines.push(line), 20);
  const handled = (messageId: number, worker: string, level = 30) =>
    JSON.stringify({ level, time: 0, msg: 'EventPublished', messageId, worker });
  for (let id = 0; id < 105; id++) for (const worker of ['push-changes', 'index-events']) print(handled(id, worker));
  print(handled(7, 'push-changes', 40));
  print('{"level":30,"time":0,"msg":"ready","port":4000}');
  expect(lines).toHaveLength(8);
  await vi.waitFor(() => expect(lines).toHaveLength(10));
  expect(lines.slice(8).sort()).toEqual([
    'and 102 more of EventPublished at index-events',
    'and 102 more of EventPublished at push-changes',
  ]);
  print(handled(200, 'push-changes'));
  expect(lines.at(-1)).toContain('messageId=200');
});
