import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, connect as dial, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A self-signed certificate: a client that trusts it names its file as that of a CA. */
export type Certificate = { readonly file: string; readonly key: string; readonly cert: string };

/** Needs openssl, which is on every Debian that can fetch packages. */
export async function openCertificates() {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-certificates-'));
  let made = 0;
  return {
    async make(host: string): Promise<Certificate> {
      made += 1;
      const [keyFile, file] = [join(folder, `${made}.key`), join(folder, `${made}.crt`)];
      const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
      const files = ['-keyout', keyFile, '-out', file];
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
      await run('openssl', ['req', '-x509', '-nodes', '-days', '2', ...key, ...names, ...files]);
      return { file, key: await readFile(keyFile, 'utf8'), cert: await readFile(file, 'utf8') };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** PostgreSQL's request for TLS is answered before the handshake; other servers expect the handshake at once. */
type Options = { readonly target: { host: string; port: number }; readonly speaks: 'postgresql' | 'tls' };

/** A TLS proxy with a replaceable certificate in front of a server without TLS. */
export async function openTlsWay({ target, speaks }: Options, first: Certificate) {
  let certificate = first;
  const open = new Set<Socket>();
  const secure = (client: Socket) => {
    const socket = new TLSSocket(client, { isServer: true, key: certificate.key, cert: certificate.cert });
    const upstream = dial(target);
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      from.on('error', () => client.destroy());
      from.on('close', () => to.destroy());
    }
    socket.pipe(upstream).pipe(socket);
  };
  const server = createServer((client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => client.destroy());
    if (speaks === 'tls') return secure(client);
    client.once('data', () => {
      client.write('S');
      secure(client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The way has no port.');
  const cut = () => {
    for (const client of open) client.destroy();
  };
  return {
    port: address.port,
    /** Cuts the open connections, so that clients meet the other certificate when they reconnect. */
    show(next: Certificate) {
      certificate = next;
      cut();
    },
    cut,
    async close() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
