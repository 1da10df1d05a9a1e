import { randomUUIDv7 } from 'node:crypto';
import { keepSubscribed } from '#test/fans/keep-subscribed.ts';
import { type BookingState, instant } from '../history.ts';
import type { FanUser } from './fan-account.ts';
import type { Notebook } from './run-clients.ts';

const bookingChangedQuery = `subscription Watch($id: ID!) { bookingChanged(bookingId: $id) { id status payment { status } } }`;

type Watch = {
  readonly port: () => number;
  readonly user: FanUser;
  readonly booking: string;
  readonly notebook: Notebook;
  readonly until: AbortSignal;
};

/** The owner watches `bookingChanged`; each connection is a subscription of its own. */
export async function watchBooking({ port, user, booking, notebook, until }: Watch): Promise<void> {
  let subscription = '';
  await keepSubscribed({
    port,
    token: user.token,
    operation: () => ({ query: bookingChangedQuery, variables: { id: `Booking_${booking}` } }),
    onSubscribed: () => {
      subscription = randomUUIDv7();
      notebook.tally.count('subscribe bookingChanged', 'ok');
    },
    onData: (data) => {
      const { status } = data.bookingChanged as { status: BookingState };
      notebook.history.write({ kind: 'bookingFrame', subscription, at: instant(), user: user.userId, booking, status });
      notebook.tally.count('bookingChanged frame', 'ok');
    },
    onError: (text) => notebook.tally.problem(`bookingChanged of ${booking}: ${text}`),
    until,
  });
}
