import type { HistoryRecord, OrganizerRecord } from '../history.ts';
import { type BookingFact, ownersOf } from './facts.ts';
import { ownerOf } from './requests.ts';

/** What the organizer said of a code; the same in each attempt. */
export type CodeTerms = Extract<OrganizerRecord, { act: 'codes' }>;

/** The codes of one history: what each is good for, and which bookings were made with it. */
export type GivenCodes = {
  readonly terms: ReadonlyMap<string, CodeTerms>;
  /** By the id of a booking; bookings without codes are not in it. */
  readonly ofBooking: ReadonlyMap<string, readonly string[]>;
};

/** From what organizers and fans wrote down alone: the database's own account of codes is what is checked. */
export function givenCodesOf(
  history: readonly HistoryRecord[],
  bookings: ReadonlyMap<string, BookingFact>,
): GivenCodes {
  const terms = new Map<string, CodeTerms>();
  const byOwner = new Map<string, readonly string[]>();
  for (const record of history) {
    if (record.kind === 'hold' && record.codes?.length) byOwner.set(ownerOf(record.user, record.key), record.codes);
    if (record.kind !== 'organizer' || record.act !== 'codes') continue;
    for (const code of record.codes) terms.set(code, record);
  }
  const ofBooking = new Map<string, readonly string[]>();
  for (const [booking, owner] of ownersOf(bookings)) {
    const codes = byOwner.get(owner);
    if (codes) ofBooking.set(booking, codes);
  }
  return { terms, ofBooking };
}
