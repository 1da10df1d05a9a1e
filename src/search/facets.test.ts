import { expect, it } from 'vitest';
import { facetsOf } from './facets.ts';

const answerWith = (field_name: string, counts: readonly [string, number][], total_values = counts.length) => ({
  found: 0,
  facet_counts: [{ field_name, counts: counts.map(([value, count]) => ({ value, count })), stats: { total_values } }],
});

it('returns the spellings of a city as one value, in the most frequent spelling', () => {
  const [facet] = facetsOf(
    answerWith('city', [
      ['Zürich', 3],
      ['ZÜRICH', 4],
      ['Zuerich', 1],
      ['Пермь', 2],
      ['пермь', 5],
      ['Zug', 6],
    ]),
  );
  expect(facet).toEqual({
    field: 'city',
    counts: [
      { value: 'ZÜRICH', count: 8 },
      { value: 'пермь', count: 7 },
      { value: 'Zug', count: 6 },
    ],
    totalValues: 3,
  });
});

it('shows the 250 most frequent values and the number of all values', () => {
  const cities = Array.from({ length: 300 }, (_, index): [string, number] => [`Town ${index}`, 1000 - index]);
  const [facet] = facetsOf(answerWith('city', cities, 412));
  expect(facet?.counts).toHaveLength(250);
  expect(facet?.counts.at(-1)).toEqual({ value: 'Town 249', count: 751 });
  expect(facet?.totalValues).toBe(412);
});

it('names a country by the field of the API', () => {
  expect(facetsOf(answerWith('country_code', [['CH', 2]]))).toEqual([
    { field: 'countryCode', counts: [{ value: 'CH', count: 2 }], totalValues: 1 },
  ]);
});
