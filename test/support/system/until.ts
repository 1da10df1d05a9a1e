import { vi } from 'vitest';

/**
 * Returns what the condition returns as soon as that is truthy, and throws after 25 seconds. A busy machine may need
 * longer than the second after which `vi.waitUntil` throws by itself.
 */
export const until = <T>(condition: () => T | Promise<T>) => vi.waitUntil(condition, 25_000);
