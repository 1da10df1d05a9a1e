import type { IncomingMessage } from 'node:http';

/** How long a client may go on sending a body that was refused, so that it gets to read the answer. */
const DISCARD_MS = 2_000;

type Read = { readonly parts: readonly Buffer[]; readonly bytes: number };

/**
 * The body in the parts in which it arrives, without a copy. Stops as soon as there is one byte more than `maxBytes`, or
 * after `withinMs`. Rejects when the client closes the connection before the end.
 */
export function readBytes(
  request: IncomingMessage,
  { maxBytes, withinMs }: { readonly maxBytes: number; readonly withinMs: number },
): Promise<Read | 'too large' | 'too slow'> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const end = (result: Read | 'too large' | 'too slow') => {
      clearTimeout(timer);
      request.removeAllListeners('data');
      request.pause();
      resolve(result);
    };
    const timer = setTimeout(() => end('too slow'), withinMs);
    request.on('data', (part: Buffer) => {
      bytes += part.byteLength;
      if (bytes > maxBytes) end('too large');
      else parts.push(part);
    });
    request.on('end', () => end({ parts, bytes }));
    // Without a listener, the loss of the connection would end the process.
    request.on('error', () => undefined);
    request.on('close', () => {
      clearTimeout(timer);
      if (!request.readableEnded) reject(new Error('the client closed the connection'));
    });
  });
}

/** Reads and drops what is left of the body, for a short time; then ends the connection. */
export function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.destroy(), DISCARD_MS);
  request.once('close', () => clearTimeout(timer));
}
