import { type ChildProcess, fork } from 'node:child_process';
import { endProcess } from '#processes/dev/servers/server-process.ts';
import type { MemoryAnswer, MemoryQuestion } from './report-memory.ts';

/** A process of a bench that answers questions over IPC and may report moments in between. */
export type BenchChild = {
  readonly pid: number;
  /** Rejects when the child returns an error or ends. `onMoment`: called as soon as the child reports a moment. */
  ask<Answer>(question: object, onMoment?: (moment: string) => void): Promise<Answer>;
  /** Bytes on and outside the heap, after a collection. */
  heapBytes(): Promise<number>;
  close(): Promise<void>;
};

/** Arguments for a Node process that `heapBytesOf` will ask. */
export const reportMemory = ['--import', new URL('./report-memory.ts', import.meta.url).href];

export function heapBytesOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('The process ended before it reported its memory.'));
    const onMessage = (message: Partial<MemoryAnswer>) => {
      if (message.kind !== 'memory') return;
      child.off('message', onMessage).off('exit', onExit);
      resolve(message.heapBytes ?? Number.NaN);
    };
    child.on('message', onMessage).once('exit', onExit);
    child.send({ kind: 'memory' } satisfies MemoryQuestion);
  });
}

export type Reply = { id: number; answer?: unknown; error?: string; moment?: string };

export type ChildOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
};

const CLOSE_PATIENCE_MS = 5_000;

/** Forks a module of the bench that ends with a call of `answerParent`. */
export function openChild(module: URL, options: ChildOptions = {}): BenchChild {
  const child = fork(module, {
    execArgv: [...reportMemory, ...(options.nodeArgs ?? [])],
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...options.env },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${module.pathname} does not start.`);
  const ask = asker(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async () => {
    // The process ends by itself when the channel closes, so that a CPU profile of it is written.
    if (child.connected) child.disconnect();
    const late = setTimeout(() => void endProcess(pid, 'SIGKILL'), CLOSE_PATIENCE_MS);
    await exited;
    clearTimeout(late);
  };
  return { pid, ask, heapBytes: () => heapBytesOf(child), close };
}

function asker(child: ChildProcess): BenchChild['ask'] {
  let lastId = 0;
  return <Answer>(question: object, onMoment?: (moment: string) => void) =>
    new Promise<Answer>((resolve, reject) => {
      const id = ++lastId;
      const onReply = (reply: Reply) => {
        if (reply.id !== id) return;
        if (reply.moment !== undefined) onMoment?.(reply.moment);
        else {
          child.off('message', onReply).off('exit', onExit);
          if (reply.error === undefined) resolve(reply.answer as Answer);
          else reject(new Error(reply.error));
        }
      };
      const onExit = () => reject(new Error('A process of the bench ended before it answered.'));
      child.on('message', onReply).once('exit', onExit);
      child.send({ id, question });
    });
}
