import { InvalidInput } from './errors.ts';
import { readText } from './text-rules.ts';

/** The key is only compared and never shown, so it is stored unchanged. */
export function requireIdempotencyKey(key: string): void {
  const read = readText(key, { atMost: 200 });
  if ('problem' in read)
    throw new InvalidInput(
      'idempotencyKey',
      `An idempotency key must have 1 to 200 printable characters; this one ${read.problem}.`,
    );
}
