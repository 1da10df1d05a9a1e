import { createServer, connect as dial, type Socket } from 'node:net';

/**
 * A way to PostgreSQL that breaks connections in COMMIT. `cutAt('before')`: the next COMMIT does not arrive;
 * `cutAt('after')`: it arrives, and its answer does not.
 */
export async function openCommitProxy(databaseUrl: string) {
  const target = new URL(databaseUrl);
  let armed: 'before' | 'after' | undefined;
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = dial(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    const isCommit = commitFinder();
    let isCut = false;
    client.on('data', (bytes: Buffer) => {
      const where = isCommit(bytes) ? armed : undefined;
      if (!where) {
        upstream.write(bytes);
        return;
      }
      isCut = true;
      cuts += 1;
      armed = undefined;
      if (where === 'before') client.destroy();
      else {
        // Its answer proves that the server has finished it.
        upstream.once('data', () => client.destroy());
        upstream.write(bytes);
      }
    });
    upstream.on('data', (bytes) => {
      if (!isCut) client.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.href,
    cutAt(where: 'before' | 'after'): void {
      armed = where;
    },
    cuts: () => cuts,
    close(): void {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Reads one connection's messages and reports for each chunk whether it contains a COMMIT, prepared or not. */
function commitFinder(): (bytes: Buffer) => boolean {
  let rest: Buffer = Buffer.alloc(0);
  let isStarted = false;
  const prepared = new Set<string>();
  const isCommit = (type: string, [first = '', second = '']: readonly string[]): boolean => {
    if (type === 'P' && /^commit/i.test(second)) prepared.add(first);
    return (type === 'Q' && /^commit/i.test(first)) || (type === 'B' && prepared.has(second));
  };
  const nextMessage = (): { type: string; texts: string[] } | undefined => {
    // The first message has no type before its length.
    const offset = isStarted ? 1 : 0;
    if (rest.length < offset + 4 || rest.length < offset + rest.readInt32BE(offset)) return undefined;
    const end = offset + rest.readInt32BE(offset);
    const type = isStarted ? String.fromCharCode(rest[0] ?? 0) : '';
    const texts = rest.toString('latin1', offset + 4, end).split('\0');
    isStarted = true;
    rest = rest.subarray(end);
    return { type, texts };
  };
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    let found = false;
    for (let message = nextMessage(); message; message = nextMessage()) {
      found = isCommit(message.type, message.texts) || found;
    }
    return found;
  };
}
