import type { PriceList } from '#domain/pricing/price-list.ts';
import { openPrices, quote } from '#domain/pricing/quote-rules.ts';
import { problemOfQuote, randomQuotes } from '#test/support/pricing/random-quotes.ts';
import type { BenchOptions, Report } from './support/report.ts';

const LINES = 10;
const GOAL_MICROS = 100;
const ROUNDS = 9;

/** Ten tickets of five prices with three fees and three taxes: more than a theatre has. */
const list: PriceList = {
  currency: 'EUR',
  step: 1,
  levels: [1, 2, 3, 4, 5].map((n) => ({
    key: `level${n}`,
    name: `Level ${n}`,
    prices: [
      { ticketType: 'full', amountMinor: 2_345 * n },
      { ticketType: 'child', amountMinor: 1_173 * n },
    ],
  })),
  ticketTypes: [
    { key: 'full', name: 'Full price' },
    { key: 'child', name: 'Child' },
  ],
  fees: [
    { name: 'Service', percent: '7.5', refundable: false },
    { name: 'Restoration', perTicketMinor: 150, refundable: true },
    { name: 'Handling', perBookingMinor: 490, refundable: false },
  ],
  taxes: [
    { name: 'VAT', percent: '9', inclusive: true, appliesTo: 'FACE' },
    { name: 'VAT on fees', percent: '21', inclusive: true, appliesTo: 'FEES' },
    { name: 'City', percent: '2.5', inclusive: false, appliesTo: 'ALL' },
  ],
};

/** Returns the CPU microseconds of this process for one call, of each round, the least first. */
function microsOf(calls: number, work: () => unknown): number[] {
  for (let i = 0; i < calls; i += 1) work();
  return Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i += 1) work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / calls;
  }).sort((a, b) => a - b);
}

/** Measures the CPU of a quote of ten lines, and checks the sums of a million random quotes. */
export async function benchQuotes({ quick }: BenchOptions): Promise<Report> {
  const prices = openPrices(list);
  const lines = Array.from({ length: LINES }, (_, i) => ({
    seat: i,
    level: `level${1 + (i % 5)}`,
    ticketType: i % 4 === 0 ? 'child' : 'full',
  }));
  const calls = quick ? 2_000 : 20_000;
  // With its hash, which is made only when it is read.
  const known = microsOf(calls, () => quote(prices, { lines }).hash);
  const fresh = microsOf(calls, () => quote(openPrices(list), { lines }).hash);
  const count = quick ? 50_000 : 1_000_000;
  const violations: string[] = [];
  const currencies = new Set<string>();
  for (const { list: random, request, found } of randomQuotes(count, 7)) {
    currencies.add(found.currency);
    const problem = problemOfQuote(random, found);
    if (problem && violations.length < 5) violations.push(`${problem}: ${JSON.stringify({ random, request, found })}`);
  }
  const row = (name: string, micros: readonly number[]) => [
    name,
    (micros[Math.floor(ROUNDS / 2)] ?? 0).toFixed(1),
    (micros[0] ?? 0).toFixed(1),
    (micros.at(-1) ?? 0).toFixed(1),
  ];
  return {
    question: 'How much CPU does a quote of ten lines take, and is every quote the sum of its lines?',
    tables: [
      {
        title: 'CPU of a quote of ten lines, five prices, three fees and three taxes, in microseconds',
        head: ['', 'median', 'least', 'most'],
        rows: [row('the price list is open', known), row('the price list is opened for it', fresh)],
      },
      {
        title: 'Random quotes of 1 to 10 lines',
        head: ['', 'number'],
        rows: [
          ['quotes', count.toLocaleString('en')],
          ['currencies', String(currencies.size)],
          ['quotes that are not the sum of their lines', String(violations.length)],
        ],
      },
    ],
    goals: [
      {
        name: `budget of ${GOAL_MICROS} microseconds, against the CPU of a quote`,
        goal: 1,
        measured: GOAL_MICROS / (fresh[Math.floor(ROUNDS / 2)] ?? Number.NaN),
      },
    ],
    violations,
    notes: [
      `CPU of the process, ${ROUNDS} rounds of ${calls.toLocaleString('en')} quotes after as many that do not count.`,
    ],
    packages: [],
    servers: [],
  };
}
