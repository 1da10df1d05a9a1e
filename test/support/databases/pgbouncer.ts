import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { freePort, isPortFree, launch } from '#processes/dev/servers/server-process.ts';
import { unprivileged } from '#test/support/servers/unprivileged.ts';

const example = resolve(import.meta.dirname, '../../../deploy/pgbouncer/pgbouncer.ini');

export type PgBouncer = {
  /** `booking` and `payments` in session mode, `pooled` in transaction mode. */
  readonly urls: { readonly booking: string; readonly pooled: string; readonly payments: string };
  /** The number of transactions through each entry. */
  transactions(): Promise<Record<string, number>>;
  stop(): Promise<void>;
};

/** PgBouncer with the example of deploy/pgbouncer, with only addresses and names changed. */
export async function startPgBouncer(
  command: string,
  servers: { booking: string; payments: string },
): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-pgbouncer-'));
  const [booking, payments, port] = [new URL(servers.booking), new URL(servers.payments), await freePort()];
  const password = decodeURIComponent(booking.password);
  const users = join(folder, 'userlist.txt');
  const settings = (await readFile(example, 'utf8'))
    .replaceAll('host=127.0.0.1 port=5432', `host=${booking.hostname} port=${booking.port}`)
    .replaceAll('dbname=frontrow_booking', `dbname=${booking.pathname.slice(1)}`)
    .replaceAll('dbname=frontrow_payments', `dbname=${payments.pathname.slice(1)}`)
    .replace('listen_port = 6432', `listen_port = ${port}\nadmin_users = ${booking.username}`)
    .replace('/etc/pgbouncer/userlist.txt', users);
  await writeFile(users, `"${booking.username}" "${password}"\n`);
  await writeFile(join(folder, 'pgbouncer.ini'), settings);
  const owner = await unprivileged(folder);
  const args = [join(folder, 'pgbouncer.ini')];
  const server = await launch({ name: 'PgBouncer', command, args, dataDir: folder, owner, disposableDir: folder });
  const through = (name: string) =>
    `postgres://${booking.username}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`;
  const admin = postgres(through('pgbouncer'), { max: 1, fetch_types: false, prepare: false });
  const stats = async () => await admin.unsafe<{ database: string; total_xact_count: string }[]>('show stats').simple();
  const ended = server.exited.then((said) => Promise.reject(new Error(said)));
  ended.catch(() => undefined);
  while (await Promise.race([isPortFree(port), ended])) await sleep(20);
  return {
    urls: {
      booking: through('frontrow_booking'),
      pooled: through('frontrow_booking_pooled'),
      payments: through('frontrow_payments'),
    },
    transactions: async () =>
      Object.fromEntries((await stats()).map((row) => [row.database, Number(row.total_xact_count)])),
    async stop() {
      await admin.end({ timeout: 1 });
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
