import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import postgres from 'postgres';
import { ensureDatabase } from '#processes/dev/servers/postgres.ts';
import type { FaultProxy } from '#test/support/network/fault-proxy.ts';
import { giveTo, mountSmallDisk } from '#test/support/servers/small-disk.ts';
import { openCertificates, openTlsWay } from '#test/support/servers/tls-way.ts';

/** The ways to take the payments database away and give it back. */
export type PaymentsTrouble = {
  /** The host name has no address. */
  readonly 'no-address': Switch;
  /** The server shows a certificate that no CA vouches for. */
  readonly 'wrong-certificate': Switch;
  /** The password differs from the settings. */
  readonly 'wrong-password': Switch;
  /** Its disk has no free byte. Undefined if this machine does not let the run mount a disk. */
  readonly 'disk-full': Switch | undefined;
};
type Switch = { begin(): Promise<unknown>; end(): Promise<unknown> };

export type PaymentsAccess = {
  /** The URL of the processes: by a name, over TLS, with a password of its own. */
  readonly url: string;
  /** The environment that the processes need for it. */
  readonly env: Readonly<Record<string, string>>;
  readonly trouble: PaymentsTrouble;
  close(): Promise<void>;
};

const HOST = 'payments-db.test';
const ROLE = 'payments_of_the_run';
const DISK_MEGABYTES = 192;

/** Mounts a disk for the database `payments` of this server, while it is still empty. */
export async function openPaymentsDatabase({ url, dataDir }: { url: string; dataDir: string }) {
  const disk = await mountSmallDisk(DISK_MEGABYTES);
  const paymentsUrl = await ensureDatabase(url, 'payments');
  if (!disk) return { paymentsUrl, disk };
  const space = join(disk.path, 'space');
  await mkdir(space);
  await giveTo(disk.path, dataDir);
  await giveTo(space, dataDir);
  await asking(url, async (sql) => {
    await sql.unsafe(`create tablespace small location '${space}'`);
    await sql.unsafe('alter database payments set tablespace small');
  });
  return { paymentsUrl, disk };
}

type Options = {
  readonly folder: string;
  readonly directUrl: string;
  readonly disk: Awaited<ReturnType<typeof mountSmallDisk>>;
  /** To the server, through a proxy that simulates network failures. */
  readonly way: FaultProxy;
};

export async function openPaymentsAccess({ folder, directUrl, disk, way }: Options): Promise<PaymentsAccess> {
  const password = randomBytes(12).toString('hex');
  const ask = (query: string) => asking(directUrl, (sql) => sql.unsafe(query));
  await ask(`create role ${ROLE} superuser login password '${password}'`);
  const hosts = join(folder, 'hosts');
  const name = (known: readonly string[]) => writeFile(hosts, known.join('\n'));
  await name([HOST]);
  const certificates = await openCertificates();
  const [right, wrong] = [await certificates.make(HOST), await certificates.make(HOST)];
  const tls = await openTlsWay({ target: { host: '127.0.0.1', port: way.port }, speaks: 'postgresql' }, right);
  const url = new URL(directUrl);
  Object.assign(url, { username: ROLE, password, hostname: HOST, port: String(tls.port) });
  url.searchParams.set('sslmode', 'verify-full');
  const changePassword = async (to: string) => {
    await ask(`alter role ${ROLE} password '${to}'`);
    tls.cut();
  };
  return {
    url: url.href,
    env: {
      NODE_OPTIONS: `--import=${resolve(import.meta.dirname, '../support/network/host-names.ts')}`,
      FRONTROW_TEST_HOSTS: hosts,
      NODE_EXTRA_CA_CERTS: right.file,
    },
    trouble: {
      'no-address': {
        begin: async () => {
          await name([]);
          tls.cut();
        },
        end: () => name([HOST]),
      },
      'wrong-certificate': { begin: async () => tls.show(wrong), end: async () => tls.show(right) },
      'wrong-password': { begin: () => changePassword(`not ${password}`), end: () => changePassword(password) },
      'disk-full': disk && { begin: () => disk.fill(), end: () => disk.free() },
    },
    async close() {
      await tls.close();
      await certificates.remove();
    },
  };
}

async function asking(url: string, work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}
