import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { credentialsOfHeaders, credentialsOfParams } from './credentials.ts';

const none = { authorization: undefined, admission: undefined, place: undefined };

test.each([
  [{}, none],
  [{ authorization: 'Bearer a' }, { ...none, authorization: 'Bearer a' }],
  [{ Authorization: 'Bearer a' }, { ...none, authorization: 'Bearer a' }],
  [{ headers: { authorization: 'Bearer a' } }, { ...none, authorization: 'Bearer a' }],
  [{ headers: { AUTHORIZATION: 'Bearer a' } }, { ...none, authorization: 'Bearer a' }],
  [{ Headers: { Authorization: 'Bearer a' } }, { ...none, authorization: 'Bearer a' }],
  [
    { authorization: 'Bearer a', headers: { authorization: 'Bearer b' } },
    { ...none, authorization: 'Bearer a' },
  ],
  [
    { authorization: '', headers: { authorization: 'Bearer b' } },
    { ...none, authorization: 'Bearer b' },
  ],
  [{ authorization: null, headers: null }, none],
  [{ authorization: undefined, headers: 'Authorization: Bearer a' }, none],
  [{ authorization: 7 }, { ...none, authorization: '7' }],
  [{ authorization: ['Bearer a'] }, { ...none, authorization: '["Bearer a"]' }],
  [
    { admission: 'ad', place: 'pl' },
    { ...none, admission: 'ad', place: 'pl' },
  ],
  [{ headers: { 'Frontrow-Admission': 'ad', 'FRONTROW-PLACE': 'pl' } }, { ...none, admission: 'ad', place: 'pl' }],
  [{ __proto__: { authorization: 'Bearer a' } }, none],
])('of the connection params %j', (params, credentials) => {
  expect(credentialsOfParams(params)).toEqual(credentials);
});

test('of the headers of a request', () => {
  const headers = { authorization: 'Bearer a', 'frontrow-admission': 'ad', 'frontrow-place': 'pl' };
  const credentials = { authorization: 'Bearer a', admission: 'ad', place: 'pl' };
  expect(credentialsOfHeaders({ headers } as unknown as IncomingMessage)).toEqual(credentials);
});
