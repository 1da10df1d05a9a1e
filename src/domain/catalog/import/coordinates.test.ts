import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCoordinates } from './coordinates.ts';

it.each([
  [`49°16'36"N 123°6'43"W`, 49.276667, -123.111944],
  [`40°48'48.7"N 74°4'27.7"W`, 40.813528, -74.074361],
  ['37.403°N 121.970°W', 37.403, -121.97],
  ['37.403, -121.970', 37.403, -121.97],
  ['-33.9 18.4', -33.9, 18.4],
  [`33°54'S 18°24'E`, -33.9, 18.4],
  ['0°0′0″N 180°0′0″E', 0, 180],
])('reads %s', (text, latitude, longitude) => {
  expect(parseCoordinates(text)).toEqual({ latitude, longitude });
});

it.each([
  '',
  'somewhere',
  '37.403°N',
  '121.970°W 37.403°N',
  '91°N 0°E',
  '90.1, 0',
  '0, 180.5',
  `49°60'0"N 123°6'43"W`,
  `49°16'60"N 123°6'43"W`,
  '49°16 36"N 123°6 43"W',
  '37.403N 121.970W',
  '1e2, 3',
  '37,403 121,970',
])('returns undefined for %j', (text) => {
  expect(parseCoordinates(text)).toBeUndefined();
});

it('reads back every position that is written in degrees, minutes and seconds', () => {
  const half = (max: number) => fc.integer({ min: 0, max: max * 36_000 });
  fc.assert(
    fc.property(half(90), half(180), fc.boolean(), fc.boolean(), (lat, lon, north, east) => {
      const write = (tenths: number, hemisphere: string) =>
        `${Math.floor(tenths / 36_000)}°${Math.floor(tenths / 600) % 60}'${(tenths % 600) / 10}"${hemisphere}`;
      const read = parseCoordinates(`${write(lat, north ? 'N' : 'S')} ${write(lon, east ? 'E' : 'W')}`);
      expect(read?.latitude).toBeCloseTo((lat / 36_000) * (north ? 1 : -1), 5);
      expect(read?.longitude).toBeCloseTo((lon / 36_000) * (east ? 1 : -1), 5);
    }),
  );
});

it('reads all three notations that occur in the real file', async () => {
  const file = new URL('../../../../data/worldcup-2026/worldcup.stadiums.json', import.meta.url);
  const { stadiums } = JSON.parse(await readFile(file, 'utf8')) as { stadiums: { coords: string }[] };
  const unread = stadiums.filter(({ coords }) => !parseCoordinates(coords));
  expect(unread).toEqual([]);
});
