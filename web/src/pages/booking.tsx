import { Link, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useQuery, useSubscription } from 'urql';
import { type KeptBooking, keepTickets, keptBooking } from '../api/kept-tickets.ts';
import { BOOKING_BY_ID, BOOKING_CHANGED } from '../operations/fan.ts';
import { StatusBadge } from '../parts/booking-status.tsx';
import { useFormats } from '../parts/formats.ts';
import { Held } from '../parts/held.tsx';
import { Icon } from '../parts/icons.tsx';
import { Refunds } from '../parts/refunds.tsx';
import { seatName } from '../parts/seat-name.ts';
import { Total } from '../parts/selection.tsx';
import { useSession } from '../parts/shell.tsx';
import { Empty, Failure } from '../parts/states.tsx';
import { Tickets } from '../parts/tickets.tsx';
import { fill, useTexts } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

/** One booking from the hold to the tickets. Each step arrives by itself. */
export function BookingPage() {
  const { bookingId } = useParams({ from: '/bookings/$bookingId' });
  const texts = useTexts();
  const session = useSession();
  const variables = { id: bookingId };
  const [{ data, error, fetching }, again] = useQuery({ query: BOOKING_BY_ID, variables, pause: !session });
  const [{ data: pushed }] = useSubscription({ query: BOOKING_CHANGED, variables, pause: !session });
  const viewerId = session?.viewer.id ?? '';
  // The query may have read the booking before the push and arrive after it, so what was pushed counts.
  const changed = pushed?.bookingChanged;
  const live = changed && 'id' in changed && changed.id === bookingId ? changed : undefined;
  const booking = live ?? data?.booking ?? (error ? keptBooking(viewerId, bookingId) : undefined);
  // No subscription goes on for a booking that its fan cannot return, and the organizer may refund it nevertheless.
  useEffect(() => {
    const look = () => document.visibilityState === 'visible' && again({ requestPolicy: 'network-only' });
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [again]);
  useEffect(() => {
    if (booking) keepTickets(viewerId, booking);
    document.title = `${booking?.event.title ?? texts.bookingTitle} · Frontrow`;
  }, [booking, viewerId, texts]);
  if (!session)
    return (
      <Empty title={texts.signInToSee} level={1}>
        <Link to="/sign-in" search={{ to: `/bookings/${bookingId}` }} className="button primary">
          {texts.signIn}
        </Link>
      </Empty>
    );
  if (booking) return <Booking booking={booking} />;
  if (error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!fetching && data) return <NotFoundPage />;
  return <div className="skeleton block" aria-busy="true" />;
}

function Booking({ booking }: { booking: KeptBooking }) {
  const formats = useFormats();
  const { event } = booking;
  return (
    <article className="column">
      <header className="event-head">
        <div>
          <h1>
            <Link to="/events/$eventId" params={{ eventId: event.id }}>
              {event.title}
            </Link>
          </h1>
          <p className="facts">
            <span>
              <Icon name="calendar" />
              {formats.longDate(event.startsAt, event.venue.timeZone)}
            </span>
            <span>
              <Icon name="pin" />
              {event.venue.name}, {event.venue.city}
            </span>
          </p>
        </div>
        <StatusBadge booking={booking} />
      </header>
      <Outcome booking={booking} />
      {booking.refunds.length > 0 && <Refunds booking={booking} />}
      <Lines booking={booking} />
    </article>
  );
}

function Outcome({ booking }: { booking: KeptBooking }) {
  const texts = useTexts();
  const { status, payment } = booking;
  const formats = useFormats();
  if (status === 'PENDING_PAYMENT' || status === 'PAYMENT_READY') return <Held booking={booking} />;
  if (status === 'CONFIRMED') return <Tickets booking={booking} />;
  const hints = { EXPIRED: texts.expiredHint, FAILED: texts.failedHint, CANCELLED: texts.cancelledHint };
  return (
    <section className="state">
      <h2>{texts[status]}</h2>
      <p>{hints[status]}</p>
      {payment.status === 'REFUND_PENDING' && <p>{texts.refundPending}</p>}
      {payment.refunded && payment.refunded.amountMinor > 0 && (
        <p>{fill(texts.refunded, formats.money(payment.refunded))}</p>
      )}
      <Link to="/events/$eventId" params={{ eventId: booking.event.id }} className="button">
        {texts.chooseAgain}
      </Link>
    </section>
  );
}

function Lines({ booking }: { booking: KeptBooking }) {
  const texts = useTexts();
  const formats = useFormats();
  const refunded = new Set(booking.refunds.flatMap(({ tickets }) => tickets.map(({ seat }) => seat.id)));
  return (
    <section className="paper">
      <h2>{texts.yourSeats}</h2>
      <ul className="seats">
        {booking.lines.map(({ seat, ticketType, total }, index) => {
          const place = seat ?? booking.seats[index]?.seat;
          const isBack = place !== undefined && refunded.has(place.id);
          return (
            <li key={place?.id ?? index} className={isBack ? 'void' : ''}>
              <span>
                {place && (isBack ? <s>{seatName(texts, place)}</s> : seatName(texts, place))}
                <small>{isBack ? `${ticketType.name} · ${texts.ticketVoid}` : ticketType.name}</small>
              </span>
              <b>{formats.money(total)}</b>
            </li>
          );
        })}
      </ul>
      <Total quote={booking} />
    </section>
  );
}
