import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { openPlaceTickets } from './place-tickets.ts';

const key = { kid: 'k1', secret: 'a'.repeat(32) };
const newKey = { kid: 'k2', secret: 'b'.repeat(32) };
const tickets = openPlaceTickets([key]);
const place = { eventId: randomUUID(), userId: randomUUID(), ordinal: 123_456 };

test('a ticket gives its ordinal only to its viewer at its event', () => {
  const ticket = tickets.sign(place);
  expect(ticket.length).toBeLessThan(70);
  expect(tickets.verify(ticket, place)).toBe(123_456);
  expect(tickets.verify(tickets.sign({ ...place, ordinal: 0 }), place)).toBe(0);
  expect(tickets.verify(ticket, { ...place, userId: randomUUID() })).toBeUndefined();
  expect(tickets.verify(ticket, { ...place, eventId: randomUUID() })).toBeUndefined();
});

test('rejects a ticket with any one character changed, removed or added', () => {
  const ticket = tickets.sign(place);
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_. ';
  let tried = 0;
  for (let at = 0; at <= ticket.length; at++) {
    for (const character of characters) {
      for (const rest of [ticket.slice(at), ticket.slice(at + 1)]) {
        const mutated = ticket.slice(0, at) + character + rest;
        if (mutated === ticket) continue;
        expect(tickets.verify(mutated, place), mutated).toBeUndefined();
        tried += 1;
      }
    }
    if (at < ticket.length) expect(tickets.verify(ticket.slice(0, at) + ticket.slice(at + 1), place)).toBeUndefined();
  }
  expect(tried).toBeGreaterThan(5_000);
});

test('while a key is rotated both verify, and the first signs', () => {
  const rotating = openPlaceTickets([newKey, key]);
  expect(rotating.verify(tickets.sign(place), place)).toBe(123_456);
  expect(rotating.sign(place)).toMatch(/^k2\./);
  expect(openPlaceTickets([newKey]).verify(tickets.sign(place), place)).toBeUndefined();
});
