import { LRUCache } from 'lru-cache';

/**
 * Drops the least recently used entries first, by bytes; an entry that is larger than the limit stays alone. One load
 * at a time per key; neither misses nor failures are kept.
 */
export function boundedCache<V extends object>(rules: {
  maxBytes: number;
  bytesOf: (value: V) => number;
  load: (key: string) => Promise<V | undefined>;
}): (key: string) => Promise<V | undefined> {
  const cache = new LRUCache<string, V>({
    maxSize: rules.maxBytes,
    sizeCalculation: (value) => Math.min(rules.maxBytes, Math.max(1, rules.bytesOf(value))),
    fetchMethod: (key) => rules.load(key),
    ignoreFetchAbort: true,
  });
  return (key) => cache.fetch(key);
}
