import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readCatalogFolder } from './read-catalog-folder.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const seats = (...labels: string[]) => labels.map((label, i) => ({ label, x: 10 + i * 50, y: 10 }));
const chartOf = (rows: object[]) => ({
  name: 'Salle',
  categories: { list: [{ key: 1, label: 'Parterre' }] },
  subChart: {
    width: 1000,
    height: 1000,
    sections: [
      {
        label: 'Balcon',
        categoryKey: 1,
        points: [
          { x: 0, y: 0 },
          { x: 900, y: 0 },
          { x: 900, y: 900 },
        ],
        topLeft: { x: 0, y: 0 },
        subChart: { rows },
      },
    ],
  },
});
const hall = chartOf([{ label: 'F', seats: seats('1', '2') }]);
const about = {
  venue: {
    name: 'Opéra',
    city: 'Lyon',
    countryCode: 'FR',
    coordinates: '45.77, 4.84',
    timeZone: 'Europe/Paris',
  },
  organizer: { displayName: 'Opéra de Lyon', email: 'opera@example.org' },
  events: [
    {
      key: 'first',
      title: 'Carmen',
      description: '',
      category: 'THEATRE',
      performers: ['Élīna'],
      startsAt: '2027-05-04T20:00',
      currency: 'EUR',
      popularity: 1,
      prices: { Parterre: { priceMinor: 4_000, feeMinor: 0 } },
    },
  ],
};
type About = typeof about;

const withEvent = (change: object): About => ({
  ...about,
  events: about.events.map((event) => ({ ...event, ...change })),
});
const withVenue = (change: object): About => ({ ...about, venue: { ...about.venue, ...change } });

async function read(chart: object, text: object | Buffer) {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-texts-'));
  folders.push(folder);
  await writeFile(join(folder, 'chart.json'), JSON.stringify(chart));
  await writeFile(join(folder, 'venue.json'), Buffer.isBuffer(text) ? text : JSON.stringify(text));
  return readCatalogFolder(folder);
}
const refusalOf = async (chart: object, text: object | Buffer) =>
  (await read(chart, text)).refused.map(({ message }) => message).join('\n');

test.each([
  ['a NUL in a title', hall, withEvent({ title: 'Car\u0000men' })],
  ['half of an emoji in a performer', hall, withEvent({ performers: ['\ud83c'] })],
  ['a city that can not be seen', hall, withVenue({ city: '\u200b' })],
  ['an override in a venue', hall, withVenue({ name: '\u202Earepo' })],
  ['a NUL in a row', chartOf([{ label: 'F\u0000', seats: seats('1') }]), about],
  ['a control character in a seat', chartOf([{ label: 'F', seats: seats('\u0001') }]), about],
  ['a seat out of all bounds', chartOf([{ label: 'F', seats: [{ label: '1', x: 1e300, y: 0 }] }]), about],
  ['more popularity than can be stored', hall, withEvent({ popularity: 2 ** 40 })],
  ['a price that can not be stored', hall, withEvent({ prices: { Parterre: { priceMinor: 2 ** 53, feeMinor: 0 } } })],
  ['a currency that ISO 4217 does not have', hall, withEvent({ currency: 'QQQ' })],
  ['a currency that was withdrawn', hall, withEvent({ currency: 'DEM' })],
  ['a metal for a currency', hall, withEvent({ currency: 'XAG' })],
  ['a time that the clocks skip', hall, withEvent({ startsAt: '2027-03-28T02:30' })],
  ['a day of no calendar', hall, withEvent({ startsAt: '2027-06-31T20:00' })],
  ['a zone of nowhere', hall, withVenue({ timeZone: 'Europe/Atlantis' })],
  [
    'two rows that look alike',
    chartOf([
      { label: 'É', seats: seats('1') },
      { label: 'E\u0301 ', seats: seats('2') },
    ]),
    about,
  ],
  ['two seats that look alike', chartOf([{ label: 'F', seats: seats('1', ' 1') }]), about],
])('%s is refused, and nothing of the file is kept', async (_what, chart, text) => {
  const found = await read(chart, text);
  expect(found.refused.map(({ message }) => message).join()).toContain('refused, nothing of it was imported');
  expect(found.events).toEqual([]);
});

test('refuses a file that is not UTF-8 and names it', async () => {
  const latin1 = Buffer.from(JSON.stringify(about), 'latin1');
  expect(await refusalOf(hall, latin1)).toContain(
    'venue.json: refused, nothing of it was imported\n  the file: it is not UTF-8',
  );
  expect(await refusalOf(hall, Buffer.from(JSON.stringify(about), 'utf16le'))).toContain('refused');
});

test('accepts a byte order mark', async () => {
  const found = await read(hall, Buffer.from(`\ufeff${JSON.stringify(about)}`));
  expect(found.refused).toEqual([]);
  expect(found.events[0]?.events[0]?.title).toBe('Carmen');
});

test('normalizes texts, and gives a zone its usual spelling', async () => {
  const decomposed = withVenue({ name: 'Ope\u0301ra ', timeZone: 'EUROPE/PARIS' });
  const found = await read(hall, decomposed);
  expect(found.refused).toEqual([]);
  expect(found.venues[0]?.venues[0]).toMatchObject({ name: 'Opéra', timeZone: 'Europe/Paris' });
});
