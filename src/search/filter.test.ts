import { describe, expect, it } from 'vitest';
import { allOf, anyOf, BadFilter, compare, coordinates, isId, isText, isWithin } from './filter.ts';

describe('the filter builder', () => {
  it('puts a text between backticks, and no part of it outside', () => {
    expect(isText('city_keys', ['x` || status:=draft'])).toBe('city_keys:=[`x  || status:=draft`]');
    expect(isText('city_keys', ['a\\`b\n'])).toBe('city_keys:=[`a  b`]');
    expect(isText('category', ['SPORT', 'COMEDY'])).toBe('category:=[`SPORT`,`COMEDY`]');
  });

  it.each([[''], ['   '], ['``'], ['\\'], ['- , ]'], ['\u0000']])(
    'refuses %j, which has no character to match',
    (value) => {
      expect(() => isText('city_keys', [value])).toThrow(BadFilter);
    },
  );

  it('refuses an empty list, which crashes the engine', () => {
    expect(() => isText('city_keys', [])).toThrow(BadFilter);
    expect(() => isId([])).toThrow(BadFilter);
    expect(() => isId([''])).toThrow(BadFilter);
    expect(() => isId(['x'])).toThrow(BadFilter);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 0.5])('refuses the number %d', (value) => {
    expect(() => compare('seq', '>', value)).toThrow(BadFilter);
  });

  it('refuses a place that is not on the globe', () => {
    expect(() => coordinates({ latitude: 90.1, longitude: 0 })).toThrow(BadFilter);
    expect(() => coordinates({ latitude: Number.NaN, longitude: 0 })).toThrow(BadFilter);
    expect(() => isWithin({ latitude: 0, longitude: -180.5 }, 1)).toThrow(BadFilter);
    expect(() => isWithin({ latitude: 0, longitude: 0 }, 0)).toThrow(BadFilter);
    expect(isWithin({ latitude: 1e-9, longitude: -1e-9 }, 1e-9)).toBe('location:(0.000000, -0.000000, 0.001 km)');
  });

  it('puts parentheses around the filters that it joins', () => {
    const tied = allOf([compare('starts_at', '=', 1), compare('seq', '>', 2)]);
    expect(anyOf([compare('starts_at', '>', 1), ...(tied ? [tied] : [])])).toBe(
      '(starts_at:>1 || (starts_at:=1 && seq:>2))',
    );
    expect(allOf([])).toBeUndefined();
  });
});
