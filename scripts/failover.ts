import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startValkey } from '#processes/dev/servers/valkey.ts';
import { type Blow, runFailovers } from '#test/support/databases/failover-run.ts';

/**
 * `npm run failover -- --promotions 20 --crashes 4`: runs the whole product under load on a PostgreSQL with a synchronous
 * standby. Each time the primary is killed and the standby promoted, or the primary crashes and comes back. Prints a line
 * for each time; exits with 1 when an acknowledged change is missing, or a promise is broken at the end.
 */
const { values } = parseArgs({
  options: {
    promotions: { type: 'string', default: '20' },
    crashes: { type: 'string', default: '4' },
    clients: { type: 'string', default: '8' },
  },
});
const [promotions, crashes, clients] = [values.promotions, values.crashes, values.clients].map(Number);
if (![promotions, crashes].every((n) => Number.isSafeInteger(n) && Number(n) >= 0) || !(Number(clients) > 0)) {
  console.error('usage: npm run failover -- [--promotions <n>] [--crashes <n>] [--clients <n>]');
  process.exit(2);
}
const crashesOf = (index: number): Blow => (index % 2 === 0 ? 'kill' : 'immediate');
const blows: Blow[] = [
  ...Array.from({ length: Number(crashes) }, (_, index) => crashesOf(index)),
  ...Array.from({ length: Number(promotions) }, (): Blow => 'promotion'),
];

const dir = await mkdtemp(join(tmpdir(), 'frontrow-failover-redis-'));
const redis = await startValkey({
  dataDir: join(dir, 'valkey'),
  durable: false,
  disposableDir: dir,
  log: console.error,
});
const column = (text: string | number) => String(text).padStart(12);
console.log(['what', 'held', 'confirmed', 'lost', 'away ms'].map(column).join(''));
try {
  const { reports, calls, triedAgain, refusals } = await runFailovers({
    blows,
    clients: Number(clients),
    calmMs: 2_000,
    redisUrl: redis.url,
    durable: true,
    tell: ({ blow, held, confirmed, lost, awayMs }) =>
      console.log([blow, held, confirmed, lost.length, Math.round(awayMs)].map(column).join('')),
  });
  const away = reports.map(({ awayMs }) => awayMs).sort((a, b) => a - b);
  const at = (share: number) => Math.round(away[Math.ceil(share * away.length) - 1] ?? 0);
  console.log(`\n${calls} calls, ${triedAgain} of them made again. Away: median ${at(0.5)} ms, at most ${at(1)} ms.`);
  console.log(`Refused while it was away: ${[...refusals].join(', ')}.`);
  const lost = reports.flatMap((report) => report.lost);
  console.log(lost.length === 0 ? 'Nothing acknowledged was lost; all invariants hold.' : lost.join('\n'));
  process.exitCode = lost.length === 0 ? 0 : 1;
} finally {
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
}
