import { expect, test } from 'vitest';
import { UnreadPlaces } from './unread-places.ts';

/** Known to have nothing. */
function known(): UnreadPlaces {
  const places = new UnreadPlaces();
  places.settle(places.begin().announced, new Map());
  expect(places.mayBe).toBe(false);
  return places;
}

test('only announcements of its topics count', () => {
  const places = known();
  expect(places.announce('catalog/1:4 payment/2:9', ['booking'])).toBe(false);
  expect(places.mayBe).toBe(false);
  expect(places.announce('catalog/1:4 booking/2:9', ['booking'])).toBe(true);
  expect(places.mayBe).toBe(true);
});

test('an announcement of release 0.1.0, which names topics alone, has the database asked', () => {
  const places = known();
  expect(places.announce('catalog payment', ['booking'])).toBe(false);
  expect(places.mayBe).toBe(false);
  expect(places.announce('catalog booking', ['booking'])).toBe(true);
  expect(places.begin().isUncertain).toBe(true);
});

test('the topics before the places are for processes of release 0.1.0, and have no database asked', () => {
  const places = known();
  expect(places.announce('booking payment booking/2:9 payment/1:4', ['booking'])).toBe(true);
  expect(places.begin()).toEqual({ isUncertain: false, announced: new Map([['booking/2', 9]]) });
});

test('what a claim has read, or another process has claimed, is not looked for again', () => {
  const places = known();
  places.announce('booking/1:5 booking/2:7', ['booking']);
  const { announced } = places.begin();
  places.announce('booking/1:6', ['booking']);
  places.settle(announced, new Map([['booking/1', 6]]));
  expect(places.mayBe).toBe(false);
});

test('what was announced after the claim and was not read by it is looked for', () => {
  const places = known();
  places.announce('booking/1:5 booking/2:7', ['booking']);
  const { announced } = places.begin();
  places.announce('booking/2:8', ['booking']);
  places.settle(announced, new Map([['booking/1', 5]]));
  expect(places.mayBe).toBe(true);
  // A full batch: the rest of a claimed partition is read next.
  places.settle(places.begin().announced, new Map([['booking/2', 7]]));
  expect(places.mayBe).toBe(true);
  places.settle(places.begin().announced, new Map([['booking/2', 8]]));
  expect(places.mayBe).toBe(false);
});

test('after a doubt the database is asked, once', () => {
  const places = known();
  places.doubt();
  expect(places.mayBe).toBe(true);
  expect(places.begin().isUncertain).toBe(true);
  expect(places.mayBe).toBe(false);
});
