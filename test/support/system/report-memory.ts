import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Loaded before a server, Frontrow's or another: reports to its parent its memory after a collection. */

export type MemoryQuestion = { readonly kind: 'memory' };
export type MemoryAnswer = { readonly kind: 'memory'; readonly heapBytes: number };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('message', (message: Partial<MemoryQuestion>) => {
  if (message.kind !== 'memory') return;
  collect();
  // Memory that the first round finalized is free after a second.
  setImmediate(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    process.send?.({ kind: 'memory', heapBytes: heapUsed + external } satisfies MemoryAnswer);
  });
});
