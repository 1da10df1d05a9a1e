import { migrate } from '#db/migrate.ts';
import { ensureDatabase } from '#processes/dev/servers/postgres.ts';
import { type HoardingFigures, openHoardingWorld } from '#test/support/system/hoarding-world.ts';
import type { BenchOptions, Report, Table } from './support/report.ts';
import { openStores } from './support/stores.ts';

/** As many seats as the race of data/race-track-seating has. */
const SEATS = 8_897;

const full = {
  seats: SEATS,
  guests: 550,
  events: 60,
  seconds: 600,
  keepSeconds: 20,
  fans: 300,
  fansAfterSeconds: 120,
  fansArriveSeconds: 60,
  thinkSeconds: 60,
};
const quick = {
  ...full,
  seconds: 20,
  keepSeconds: 3,
  fans: 60,
  fansAfterSeconds: 2,
  fansArriveSeconds: 2,
  thinkSeconds: 2,
};

/**
 * Measures how much of an event one address can hold and for how long, and its effect on honest fans behind another
 * one.
 */
export async function benchHoarding(options: BenchOptions): Promise<Report> {
  const size = options.quick ? quick : full;
  const stores = await openStores();
  const database = (url: string) => ({ url, drop: () => Promise.resolve() });
  const paymentsUrl = await ensureDatabase(stores.databaseUrl, 'payments');
  await migrate({ url: paymentsUrl, folder: 'payments' });
  const databases = { booking: database(stores.databaseUrl), payments: database(paymentsUrl) };
  const world = await openHoardingWorld(size, { databases, redisUrl: stores.redisUrl });
  try {
    return { ...reportOf(size, await world.play(() => true)), servers: stores.description };
  } finally {
    await world.close();
    await stores.close();
  }
}

const percent = (part: number) => `${(100 * part).toFixed(2)} %`;
const countsOf = (tally: ReadonlyMap<string, number>) =>
  [...tally]
    .sort(([, a], [, b]) => b - a)
    .map(([code, times]) => `${times} ${code}`)
    .join(', ');

function reportOf(size: typeof full, figures: HoardingFigures): Report {
  const { capacity, held, nomad, attack, fans } = figures;
  const most = Math.max(0, ...held);
  const mean = held.reduce((sum, seats) => sum + seats, 0) / Math.max(1, held.length);
  const at = (part: number) =>
    fans.seconds[Math.min(fans.seconds.length - 1, Math.floor(part * fans.seconds.length))] ?? 0;
  const tables: Table[] = [
    {
      title: `${size.guests} guests of one address who hold, cancel and hold again for ${size.seconds} s`,
      head: ['seats held', 'number', 'part of the event'],
      rows: [
        ['most at any time', `${most}`, percent(most / capacity)],
        ['on average', mean.toFixed(0), percent(mean / capacity)],
        ['at the end', `${held.at(-1) ?? 0}`, percent((held.at(-1) ?? 0) / capacity)],
        [`most of one guest who goes round ${size.events} events`, `${nomad.seats}`, `at ${nomad.events} events`],
      ],
    },
    {
      title: `${size.fans} honest fans behind another address, two seats each, during it`,
      head: ['', 'figure'],
      rows: [
        ['bought', `${fans.seconds.length} of ${size.fans}`],
        ['from arrival to tickets, median', `${at(0.5).toFixed(1)} s`],
        ['of it to think before paying, at most', `${size.thinkSeconds} s`],
        ['95th percentile', `${at(0.95).toFixed(1)} s`],
        ['longest', `${at(1).toFixed(1)} s`],
      ],
    },
  ];
  return {
    question:
      'How much of an event of 8,897 seats can one address hold that never pays, and do 300 honest fans behind one big NAT still buy meanwhile?',
    tables,
    goals: [],
    violations: [
      ...(most / capacity > 0.05 ? [`One address held ${percent(most / capacity)} of the event.`] : []),
      ...(fans.seconds.length < size.fans ? [`${size.fans - fans.seconds.length} honest fans bought nothing.`] : []),
    ],
    notes: [
      'The whole product, a process each, with its default limits, behind a proxy (`TRUST_PROXY=1`): attacker, guest and fans have an address each. Rate limits are on, so guests sign in as fast as those let them.',
      `Seats were counted twice a second in the booking database, by the users of the attack and not by what the limits count.`,
      `Each guest keeps its seats ${size.keepSeconds} s, cancels and holds others at once, and comes back sooner than the server allows. Answers: ${countsOf(attack)}.`,
      `Fans wait as long as the server asks; every fifth cancels its first seats and chooses again. Answers: ${countsOf(fans.tally)}.`,
    ],
    packages: ['graphql', 'postgres', 'rate-limiter-flexible'],
    servers: [],
  };
}
