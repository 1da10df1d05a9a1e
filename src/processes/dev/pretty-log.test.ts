import { expect, test } from 'vitest';
import { renderLine } from './pretty-log.ts';

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

test('a time written as text is understood', () => {
  expect(renderLine('{"level":30,"time":"2026-06-11T19:30:00.5Z","msg":"ready"}')).toBe('19:30:00.500 INFO  ready');
});

test('the stack of an error is shown as it is', () => {
  const record = {
    level: 50,
    time: 0,
    msg: 'failed',
    err: { type: 'Error', message: 'm', stack: 'Error: m\n    at x' },
  };
  expect(renderLine(JSON.stringify(record))).toBe('00:00:00.000 ERROR failed err=\nError: m\n    at x');
});

test.each(['plain text', '{ not json', '{"other":"json"}'])('what is no log record stays as it is: %s', (line) => {
  expect(renderLine(line)).toBe(line);
});
