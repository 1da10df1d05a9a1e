import { closeSync, createReadStream, fdatasync, openSync, writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Ack, endOf, type HistoryRecord } from './history.ts';

const HISTORY = '.history.jsonl';
const ACKS = '.acks.jsonl';
const FLUSH_CHARACTERS = 64 * 1024;
const FLUSH_MS = 100;
const sync = promisify(fdatasync);

export type HistoryWriter = {
  /** In the order in which the operations end. Costs a stringify; the buffer is written ten times a second. */
  write(record: HistoryRecord): void;
  close(): void;
};

/**
 * One file per process: `<folder>/<name>.history.jsonl`, which is appended to. A crash loses the last tenth of a
 * second.
 */
export function openHistory(folder: string, name: string): HistoryWriter {
  const file = openSync(join(folder, name + HISTORY), 'a');
  let [lines, characters] = [[] as string[], 0];
  const flush = () => {
    if (lines.length === 0) return;
    writeSync(file, `${lines.join('\n')}\n`);
    [lines, characters] = [[], 0];
  };
  const timer = setInterval(flush, FLUSH_MS).unref();
  return {
    write(record) {
      const line = JSON.stringify(record);
      lines.push(line);
      characters += line.length;
      if (characters >= FLUSH_CHARACTERS) flush();
    },
    close() {
      clearInterval(timer);
      flush();
      closeSync(file);
    },
  };
}

export type AckLog = {
  /** Resolves when the acknowledgement is on disk. Those of one moment share an fsync. */
  write(ack: Ack): Promise<void>;
  close(): Promise<void>;
};

/** `<folder>/<name>.acks.jsonl`. An acknowledgement that a client has written down survives the death of the client. */
export function openAckLog(folder: string, name: string): AckLog {
  const file = openSync(join(folder, name + ACKS), 'a');
  let waiting: string[] = [];
  let next = Promise.resolve();
  const commit = async () => {
    const lines = waiting;
    waiting = [];
    writeSync(file, lines.join(''));
    await sync(file);
  };
  return {
    write(ack) {
      waiting.push(`${JSON.stringify(ack)}\n`);
      // The first of a group starts the commit, which takes everything that arrived until it begins.
      if (waiting.length === 1) next = next.then(commit);
      return next;
    },
    async close() {
      await next;
      closeSync(file);
    },
  };
}

/** The records of all processes in a folder, in the order in which they ended. */
export function readHistory(folder: string): AsyncGenerator<HistoryRecord> {
  return merged(folder, HISTORY, endOf);
}

/** The acknowledgements of all processes in a folder, in the order in which they were given. */
export function readAcks(folder: string): AsyncGenerator<Ack> {
  return merged(folder, ACKS, ({ at }) => at);
}

type Head<T> = { value: T; rest: AsyncIterator<T> };

async function* merged<T>(folder: string, suffix: string, timeOf: (value: T) => number): AsyncGenerator<T> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(suffix)).sort();
  const streams = names.map((name) => readLines<T>(join(folder, name)));
  const heads: Head<T>[] = [];
  for (const rest of streams) await take(heads, rest);
  for (;;) {
    let first: Head<T> | undefined;
    for (const head of heads) if (!first || timeOf(head.value) < timeOf(first.value)) first = head;
    if (!first) return;
    yield first.value;
    heads.splice(heads.indexOf(first), 1);
    await take(heads, first.rest);
  }
}

async function take<T>(heads: Head<T>[], rest: AsyncIterator<T>): Promise<void> {
  const { value, done } = await rest.next();
  if (!done) heads.push({ value, rest });
}

/** A last line without its end was being written when its process was killed; no client has relied on it. */
async function* readLines<T>(path: string): AsyncGenerator<T> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let previous: string | undefined;
  for await (const line of lines) {
    if (previous !== undefined) yield JSON.parse(previous);
    previous = line;
  }
  if (previous === undefined) return;
  try {
    yield JSON.parse(previous);
  } catch {}
}
