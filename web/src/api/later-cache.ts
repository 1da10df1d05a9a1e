import { type Exchange, formatDocument, makeOperation, type Operation, type OperationResult } from '@urql/core';
import { filter, makeSubject, map, merge, pipe, subscribe } from 'wonka';

type NewCache = typeof import('./cache.ts')['newCache'];

let read: NewCache | undefined;
const waiting = new Set<(newCache: NewCache) => void>();

/** Reads the code of the cache. The first page does without it; every other page waits for it. */
export async function readCache(): Promise<void> {
  read ??= (await import('./cache.ts')).newCache;
  for (const open of waiting) open(read);
  waiting.clear();
}

/** The cache from the moment on at which its code is there. What was asked before passes it by until it is asked again. */
export const cacheLater: Exchange = ({ forward, ...input }) => {
  const cached = makeSubject<Operation>();
  const forwarded = makeSubject<Operation>();
  const answers = makeSubject<OperationResult>();
  const results = makeSubject<OperationResult>();
  const passing = new Set<number>();
  let isThere = false;
  const start = (newCache: NewCache): void => {
    const io = newCache()({
      ...input,
      forward(operations) {
        pipe(operations, subscribe(forwarded.next));
        return answers.source;
      },
    });
    pipe(io(cached.source), subscribe(results.next));
    isThere = true;
  };
  if (read) start(read);
  else waiting.add(start);
  const passes = (operation: Operation): boolean => {
    const { key, kind } = operation;
    if (kind === 'teardown' && passing.delete(key)) return true;
    if (!isThere) {
      passing.add(key);
      return true;
    }
    passing.delete(key);
    cached.next(operation);
    return false;
  };
  /** The text that the cache would send. */
  const formatted = (operation: Operation): Operation =>
    makeOperation(operation.kind, { ...operation, query: formatDocument(operation.query) }, operation.context);
  const isDirect = (result: OperationResult): boolean => {
    if (passing.has(result.operation.key)) return true;
    answers.next(result);
    return false;
  };
  return (operations) => {
    const direct = pipe(operations, filter(passes), map(formatted));
    return merge([pipe(forward(merge([direct, forwarded.source])), filter(isDirect)), results.source]);
  };
};
