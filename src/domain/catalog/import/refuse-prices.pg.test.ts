import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawClient } from '#shared/postgres.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { findGateway, recordGateway } from '../../pricing/payment-gateway.ts';
import { importCatalog } from './import-catalog.ts';

let database: TestDatabase;
let sql: postgres.Sql;
const folders: string[] = [];

beforeAll(async () => {
  database = await createBookingDatabase();
  sql = openRawClient({ url: database.url, poolMax: 1, name: 'test-prices' });
});
afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
  await sql.end();
  await database.drop();
});

const outline = [
  { x: 0, y: 0 },
  { x: 90, y: 0 },
  { x: 90, y: 90 },
];
const rows = [{ label: 'A', seats: [{ label: '1', x: 1, y: 1 }] }];
const section = { label: 'Ring', categoryKey: 1, points: outline, topLeft: { x: 0, y: 0 }, subChart: { rows } };
const chart = {
  name: 'Tent',
  categories: { list: [{ key: 1, label: 'Ring' }] },
  subChart: { width: 100, height: 100, sections: [section] },
};

/** Imports a tent of its own with one event, and returns what was refused and how many tents and events there are. */
async function importTent(
  price: { currency: string; priceMinor: number; feeMinor?: number },
  more: Partial<Parameters<typeof importCatalog>[1]> = {},
) {
  const { currency, priceMinor, feeMinor = 0 } = price;
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-prices-'));
  folders.push(folder);
  const name = `Tent ${folders.length}`;
  const about = {
    venue: { name, city: 'Tunis', countryCode: 'TN', coordinates: '36.8, 10.2', timeZone: 'Africa/Tunis' },
    organizer: { displayName: 'Circus', email: 'circus@example.org' },
    events: [
      {
        key: 'gala',
        title: 'Gala',
        description: '',
        category: 'FAMILY',
        performers: [],
        startsAt: '2027-05-04T20:00',
        currency,
        popularity: 1,
        prices: { Ring: { priceMinor, feeMinor } },
      },
    ],
  };
  await writeFile(join(folder, 'chart.json'), JSON.stringify(chart));
  await writeFile(join(folder, 'venue.json'), JSON.stringify(about));
  const { refused } = await importCatalog({ sql }, { folders: [folder], ...more });
  const [found] = await sql`
    select count(*)::int as venues, (select price_minor::float8 from price_tiers join events on events.id = event_id
      where venue_id = any(array_agg(venues.id))) as price from venues where name = ${name}`;
  return { refused: refused.map(({ message }) => message).join('\n'), ...found };
}

describe('an import', () => {
  it('keeps nothing of a venue whose prices the recorded gateway cannot take, and names the field', async () => {
    await recordGateway(sql, 'stripe');
    for (const [price, reason] of [
      [{ currency: 'TND', priceMinor: 45_555 }, 'Gala: prices.Ring: stripe takes TND only in steps of TND 0.010'],
      [{ currency: 'TND', priceMinor: 45_550, feeMinor: 1 }, 'and TND 0.001 is not one'],
      [
        { currency: 'SEK', priceMinor: 100, feeMinor: 100 },
        'a seat costs SEK 2.00, and stripe takes at least SEK 3.00',
      ],
      [{ currency: 'LYD', priceMinor: 45_550 }, 'Gala: currency: the gateway stripe does not take payments in LYD'],
    ] as const) {
      const found = await importTent(price);
      expect(found.refused).toContain('refused, nothing of it was imported');
      expect(found.refused).toContain(reason);
      expect(found).toMatchObject({ venues: 0, price: null });
    }
    expect(await importTent({ currency: 'TND', priceMinor: 45_550 })).toMatchObject({ refused: '', price: 45_550 });
  });

  it('refuses a price at which the largest booking is more than the gateway takes', async () => {
    await recordGateway(sql, 'stripe');
    const price = { currency: 'COP', priceMinor: 20_000_000 };
    expect((await importTent(price, { seatsPerBooking: 8 })).refused).toContain('8 seats of one booking cost');
    expect(await importTent(price, { seatsPerBooking: 4 })).toMatchObject({ refused: '', price: 20_000_000 });
  });

  it('uses the rules of the gateway that it is given before those of the recorded one', async () => {
    await recordGateway(sql, 'stripe');
    await recordGateway(sql, 'sandbox');
    expect(await findGateway(sql)).toBe('sandbox');
    const price = { currency: 'TND', priceMinor: 45_555 };
    expect((await importTent(price, { gateway: 'stripe' })).refused).toContain('stripe takes TND only in steps');
    expect(await importTent(price)).toMatchObject({ refused: '', price: 45_555 });
  });
});
