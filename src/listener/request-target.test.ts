import { expect, test } from 'vitest';
import { seededRandom } from '#test/fans/random.ts';
import { refusedTargets } from '#test/support/http/raw-requests.ts';
import { parseRequestTarget } from './request-target.ts';

test.each(refusedTargets)('%j is not a target of ours', (target) => {
  expect(parseRequestTarget(target)).toBeUndefined();
});

test.each([
  ['/', '/', ''],
  ['/graphql?query=%7B__typename%7D', '/graphql', '?query=%7B__typename%7D'],
  ['/graphql?query={event(id:"Event_1"){id}}', '/graphql', '?query={event(id:%22Event_1%22){id}}'],
  ['/pay/ps_1?x=//', '/pay/ps_1', '?x=//'],
  ['/%zz%00', '/%zz%00', ''],
  ['/a/../health', '/health', ''],
  ['/a/..//health', '//health', ''],
])('%j is the path %j with the query %j', (target, pathname, search) => {
  expect(parseRequestTarget(target)).toMatchObject({ pathname, search });
});

test('any text is parsed as a path of ours or as undefined, and never throws', () => {
  const random = seededRandom(9);
  const pieces = [
    '/',
    '\\',
    '%',
    '%5c',
    '@',
    ':',
    '[',
    ']',
    '?',
    '#',
    '.',
    '..',
    '\t',
    '\0',
    'a',
    '\u00e9',
    '\ud800',
    '|',
  ];
  for (let run = 0; run < 5_000; run++) {
    const rest = Array.from({ length: random.below(8) }, () => random.pick(pieces)).join('');
    const url = parseRequestTarget(random.pick(['', '/', '//', 'http://']) + rest);
    if (url) expect(url.origin).toBe('http://frontrow');
  }
});
