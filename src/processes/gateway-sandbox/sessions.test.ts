import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sessionBody } from '#test/support/payments/sandbox-gateway.ts';
import { countNotices } from './notice-queue.ts';
import {
  type Books,
  expireOverdueSessions,
  findNextExpiry,
  openSession,
  openSessionBody,
  settleSession,
} from './sessions.ts';
import { Store } from './store.ts';
import { Trouble } from './trouble.ts';

/** The books without a server, so that no timer ends a session before the test reads it. */
let books: Books;
let dataFolder: string;

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'frontrow-gateway-'));
  books = { store: new Store(dataFolder), trouble: new Trouble(), publicUrl: 'http://localhost:4002' };
});
afterEach(async () => {
  vi.useRealTimers();
  await books.store.close();
  rmSync(dataFolder, { recursive: true });
});

const openFor = (bookingId: string, ms: number) => {
  const body = sessionBody(bookingId, { expires_at: new Date(Date.now() + ms).toISOString() });
  return openSession(books, `session:${bookingId}`, openSessionBody.parse(body));
};
const atInstant = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: ms });

test('a session takes money up to its last millisecond, and not after it', () => {
  const [intime, late] = [openFor('in-time', 1_000), openFor('late', 1_000)];
  atInstant(intime.expires_at - 1);
  expect(settleSession(books, intime.id, 'paid').status).toBe('paid');
  atInstant(late.expires_at);
  expect(settleSession(books, late.id, 'paid').status).toBe('expired');
});

test('a session ends once, and each end is one notice', () => {
  const { id } = openFor('once', 1_000);
  settleSession(books, id, 'paid');
  settleSession(books, id, 'paid');
  settleSession(books, id, 'declined');
  settleSession(books, id, 'expired');
  expect(countNotices(books.store)).toMatchObject({ WAITING: 1 });
});

test('ends overdue sessions in bounded batches, and keeps the others', () => {
  for (let index = 0; index < 5; index += 1) openFor(`soon-${index}`, 1_000);
  const later = openFor('later', 60_000);
  atInstant(Date.now() + 2_000);
  expect(expireOverdueSessions(books, 3)).toBe(3);
  expect(expireOverdueSessions(books, 3)).toBe(2);
  expect(expireOverdueSessions(books, 3)).toBe(0);
  expect(findNextExpiry(books.store)).toBe(later.expires_at);
});

test('a change that fails leaves no rows behind, and no notice', () => {
  const { id } = openFor('half', 1_000);
  const failing = () =>
    books.store.transaction(() => {
      books.store.run("UPDATE sessions SET status = 'paid', settled_at = 1 WHERE id = ?", id);
      throw new Error('in the middle');
    });
  expect(failing).toThrow('in the middle');
  expect(settleSession(books, id, 'declined').status).toBe('declined');
  expect(countNotices(books.store)).toMatchObject({ WAITING: 1 });
});
