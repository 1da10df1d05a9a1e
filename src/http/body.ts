import type { IncomingMessage } from 'node:http';

export const MAX_BODY_BYTES = 100 * 1024;

/**
 * The body as text, or undefined as soon as it is known to be too large: by its Content-Length before a byte is read,
 * else by counting. How long a client may take to send it is the server's `requestTimeout`.
 */
export function readBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) {
        request.removeAllListeners('data');
        request.pause();
        resolve(undefined);
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
    // It comes after each end, too, and an error takes its time.
    request.on('close', () => request.readableEnded || reject(new Error('the client closed the connection')));
  });
}
