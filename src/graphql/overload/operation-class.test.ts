import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { schema } from '#schema/index.ts';
import { fieldsOfClasses, openClassifier } from './operation-class.ts';

test('each root field of the schema has one class', () => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const fields = new Set(roots.flatMap((type) => Object.keys(type?.getFields() ?? {})));
  // Of the Relay specification; only `node` is served.
  fields.delete('nodes');
  const classified = Object.values(fieldsOfClasses).flat();
  expect(classified.toSorted()).toEqual([...fields].toSorted());
  expect(new Set(classified).size).toBe(classified.length);
});

test.each([
  ['mutation ($id: ID!) { cancelBooking(input: {bookingId: $id}) { __typename } }', undefined, 'pay'],
  ['subscription Watch($id: ID!) {\n  mine: bookingChanged(bookingId: $id) { id } }', undefined, 'pay'],
  ['mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename } }', undefined, 'hold'],
  ['{ event(id: "Event_1") { title } }', undefined, 'map'],
  ['query Look($id: ID!) { seatMap(eventId: $id) { version } }', undefined, 'map'],
  ['{ searchEvents(text: "createBooking") { edges { cursor } } }', undefined, 'search'],
  ['query A { searchEvents { edges { cursor } } } mutation B { createBooking { __typename } }', 'B', 'hold'],
  ['{ createBooking: searchEvents { edges { cursor } } }', undefined, 'search'],
  ['{ unknown }', undefined, 'search'],
  ['not GraphQL', undefined, 'search'],
])('classifies %j with the operation %s as %s', (query, operationName, expected) => {
  const classOf = openClassifier();
  for (let use = 0; use < 2; use++) expect(classOf({ query, operationName })).toBe(expected);
});

test('classifies a trusted document by its id, in each form that clients send', () => {
  const text = 'mutation ($id: ID!) { cancelBooking(input: {bookingId: $id}) { __typename } }';
  const id = hash('sha256', text);
  const classOf = openClassifier({ [`sha256:${id}`]: text });
  expect(classOf({ documentId: id })).toBe('pay');
  expect(classOf({ documentId: `sha256:${id}` })).toBe('pay');
  expect(classOf({ documentId: 'unknown' })).toBe('hold');
});

test('learns the class of a persisted document from the request that has its text, and not from a wrong id', () => {
  const query = '{ searchEvents { edges { cursor } } }';
  const documentId = hash('sha256', query);
  const classOf = openClassifier();
  expect(classOf({ documentId })).toBe('hold');
  expect(classOf({ query: 'mutation { createBooking { __typename } }', documentId })).toBe('hold');
  expect(classOf({ query, documentId })).toBe('search');
  expect(classOf({ documentId })).toBe('search');
  expect(classOf({ documentId: `sha256:${documentId}` })).toBe('search');
});
