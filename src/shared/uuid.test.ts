import { expect, test } from 'vitest';
import { isUuid, isUuidOfAnyCase } from './uuid.ts';

const ID = '45cb803a-9e18-8935-b51a-63ea7fe3e57d';

test('accepts a UUID in lower case', () => {
  expect([isUuid(ID), isUuidOfAnyCase(ID)]).toEqual([true, true]);
});

test('accepts upper case only where the caller says so', () => {
  expect([isUuid(ID.toUpperCase()), isUuidOfAnyCase(ID.toUpperCase())]).toEqual([false, true]);
});

test.each(['', 'x', `${ID}0`, ` ${ID}`, `${ID}\n`, ID.replaceAll('-', ''), ID.replace('a', 'g')])(
  'refuses %j',
  (text) => {
    expect([isUuid(text), isUuidOfAnyCase(text)]).toEqual([false, false]);
  },
);
