import { Link } from '@tanstack/react-router';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useQuery } from 'urql';
import { onBookingElsewhere } from '../api/booking-news.ts';
import { type KeptBooking, keptBookings } from '../api/kept-tickets.ts';
import { MY_BOOKINGS } from '../operations/fan.ts';
import { StatusBadge } from '../parts/booking-status.tsx';
import { useFormats } from '../parts/formats.ts';
import { Rows } from '../parts/rows.tsx';
import { useSession } from '../parts/shell.tsx';
import { Empty, Failure, HomeLink } from '../parts/states.tsx';
import { useTexts } from '../texts/texts.ts';

/** All bookings of the fan, latest first; without a network those of which this device has the tickets. */
export function BookingsPage() {
  const texts = useTexts();
  const session = useSession();
  const [after, setAfter] = useState<string | null>(null);
  const [{ data, error, fetching }, again] = useQuery({
    query: MY_BOOKINGS,
    variables: { after },
    pause: !session,
    requestPolicy: 'cache-and-network',
  });
  useEffect(() => {
    document.title = `${texts.bookings} · Frontrow`;
  }, [texts]);
  // Signing in makes a new client. News that come before the effects of that must not ask the old one.
  const latest = useRef(again);
  useLayoutEffect(() => {
    latest.current = again;
  });
  useEffect(() => onBookingElsewhere(() => latest.current({ requestPolicy: 'network-only' })), []);
  const found = data?.viewer?.bookings;
  if (!session)
    return (
      <Empty title={texts.signInToSee} level={1}>
        <Link to="/sign-in" search={{ to: '/bookings' }} className="button primary">
          {texts.signIn}
        </Link>
      </Empty>
    );
  const kept = error && !found ? keptBookings(session.viewer.id) : [];
  if (error && !found && kept.length === 0)
    return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  const bookings: readonly Listed[] = found?.nodes ?? kept;
  const next = found?.pageInfo.hasNextPage ? found.pageInfo.endCursor : null;
  return (
    <section className="column" aria-busy={fetching}>
      <h1>{texts.bookings}</h1>
      {!found && !error && <div className="skeleton block" />}
      {found?.nodes.length === 0 && (
        <Empty title={texts.noBookings}>
          <p>{texts.noBookingsHint}</p>
          <HomeLink />
        </Empty>
      )}
      <Rows items={bookings} next={next} onMore={setAfter}>
        {(booking) => <Row booking={booking} />}
      </Rows>
    </section>
  );
}

/** What the list shows of a booking. */
type Listed = Pick<KeptBooking, 'id' | 'status' | 'total'> & {
  readonly event: Pick<KeptBooking['event'], 'startsAt' | 'title' | 'venue'>;
  readonly seats: readonly unknown[];
};

function Row({ booking }: { booking: Listed }) {
  const formats = useFormats();
  const { event } = booking;
  return (
    <Link to="/bookings/$bookingId" params={{ bookingId: booking.id }} className="row">
      <span className="card-date">
        <b>{formats.day(event.startsAt, event.venue.timeZone)}</b>
        {formats.month(event.startsAt, event.venue.timeZone)}
      </span>
      <span className="row-text">
        <strong>{event.title}</strong>
        <span>
          {event.venue.name}, {event.venue.city} · {formats.dateTime(event.startsAt, event.venue.timeZone)}
        </span>
        <span>
          {booking.seats.length} × · {formats.money(booking.total)}
        </span>
      </span>
      <StatusBadge booking={booking} />
    </Link>
  );
}
