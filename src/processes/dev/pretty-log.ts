import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const useColour = process.stdout.isTTY === true && !process.env.NO_COLOR;
const processColours = [36, 35, 34, 32, 33, 96, 95];
const prefixWidth = 16;
const levels: Record<number, { name: string; colour: number }> = {
  10: { name: 'TRACE', colour: 90 },
  20: { name: 'DEBUG', colour: 90 },
  30: { name: 'INFO ', colour: 32 },
  40: { name: 'WARN ', colour: 33 },
  50: { name: 'ERROR', colour: 31 },
  60: { name: 'FATAL', colour: 31 },
};
const leftOut = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name']);

/** Prints a line with the name of the process that wrote it in front. */
export function say(name: string, line: string): void {
  console.log(`${paint(name.padEnd(prefixWidth), processColours[hash(name) % processColours.length] ?? 0)} ${line}`);
}

/** Prints the output of a child process line by line, and JSON log records in readable form. */
export function sayLinesOf(name: string, stream: Readable): void {
  const print = foldBursts((line) => say(name, line));
  createInterface({ input: stream }).on('line', print);
}

/** This many messages of a kind are shown, one a line. Further ones are counted until none has come for a while. */
const SHOWN_OF_A_BURST = 3;
const BURST_ENDS_AFTER_MS = 1000;

/** Renders each line. Of a burst of messages that a worker handles (an import has hundreds), it only counts most. */
export function foldBursts(print: (line: string) => void, endsAfterMs = BURST_ENDS_AFTER_MS): (line: string) => void {
  const bursts = new Map<string, { count: number; timer: NodeJS.Timeout }>();
  return (line) => {
    const kind = kindOf(line);
    if (kind === undefined) return print(renderLine(line));
    const { count = 0, timer } = bursts.get(kind) ?? {};
    clearTimeout(timer);
    if (count < SHOWN_OF_A_BURST) print(renderLine(line));
    const end = () => {
      bursts.delete(kind);
      const more = count + 1 - SHOWN_OF_A_BURST;
      if (more > 0) print(`and ${more} more of ${kind}`);
    };
    bursts.set(kind, { count: count + 1, timer: setTimeout(end, endsAfterMs) });
  };
}

/** Returns the event and the worker of a message that was handled without a problem. */
function kindOf(line: string): string | undefined {
  if (!line.includes('"messageId"')) return undefined;
  try {
    const { level, msg, worker } = JSON.parse(line) as Record<string, unknown>;
    return level === 30 ? `${msg} at ${worker}` : undefined;
  } catch {
    return undefined;
  }
}

/** `{"level":30,"time":0,"msg":"m","a":1}` becomes `00:00:00.000 INFO  m a=1`; other lines stay as they are. */
export function renderLine(line: string): string {
  if (!line.startsWith('{')) return line;
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  const level = levels[Number(entry.level)];
  const time = new Date(entry.time as string | number);
  if (level === undefined || Number.isNaN(time.getTime())) return line;
  const fields = Object.entries(entry)
    .filter(([key]) => !leftOut.has(key))
    .map(([key, value]) => `${paint(key, 90)}=${renderValue(value)}`);
  return [
    paint(time.toISOString().slice(11, 23), 90),
    paint(level.name, level.colour),
    String(entry.msg ?? ''),
    ...fields,
  ].join(' ');
}

/** Runs the work. After two seconds, and then every ten, it prints that the work is still running. */
export async function withProgress<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1);
  let timer = setTimeout(tell, 2000);
  let told = false;
  function tell() {
    say('frontrow', `${what}: ${seconds()} s so far ...`);
    told = true;
    timer = setTimeout(tell, 10_000);
  }
  try {
    const result = await work();
    if (told) say('frontrow', `${what}: done after ${seconds()} s`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

function renderValue(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  const stack = (value as { stack?: unknown } | null)?.stack;
  return typeof stack === 'string' ? `\n${stack}` : JSON.stringify(value);
}

function paint(text: string, colour: number): string {
  return useColour ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

function hash(text: string): number {
  return [...text].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) >>> 0;
}
