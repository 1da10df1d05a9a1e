import '../styles/money.css';
import { useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useQuery } from 'urql';
import { TextBox } from '../forms/fields.tsx';
import { EVENT_HEAD } from '../operations/refunds.ts';
import { type SoldBooking, useSoldBookings } from '../organize/event-files.ts';
import { EventNav } from '../organize/event-nav.tsx';
import { RefundForm } from '../organize/refund-form.tsx';
import { SignedIn, Waiting } from '../organize/signed-in.tsx';
import { useFormats } from '../parts/formats.ts';
import { Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { counted, fill } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

const PAGE = 50;

/** The paid bookings of an event, found by holder, reference or seat, with the way to refund their tickets. */
export function EventBookingsPage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.eventBookings}>{() => <Found />}</SignedIn>;
}

function Found() {
  const { eventId: id } = useParams({ from: '/organizer/events/$eventId/bookings' });
  const texts = useOrganizerTexts();
  const [{ data, error }, again] = useQuery({ query: EVENT_HEAD, variables: { id } });
  const event = data?.event;
  if (!event && error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  const role = event?.organization?.viewerRole;
  if (!event || !role) return data ? <NotFoundPage /> : <Waiting />;
  const mayRefund = role === 'OWNER' || role === 'MANAGER' || role === 'FINANCE';
  return (
    <section className="column">
      <EventNav event={event} />
      {mayRefund ? <Bookings eventId={id} timeZone={event.venue.timeZone} /> : <p>{texts.NOT_ALLOWED}</p>}
    </section>
  );
}

/** Every word of the search is somewhere in the booking. */
const finds = (search: string) => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ words: text }: SoldBooking) => words.every((word) => text.includes(word));
};

function Bookings({ eventId, timeZone }: { eventId: string; timeZone: string }) {
  const texts = useOrganizerTexts();
  const { bookings, isFailed, read } = useSoldBookings(eventId);
  const [search, setSearch] = useState('');
  const [most, setMost] = useState(PAGE);
  const found = useMemo(() => bookings?.filter(finds(search)) ?? [], [bookings, search]);
  return (
    <section className="paper">
      <div className="paper-head">
        <h2>{texts.eventBookings}</h2>
        <button type="button" className="button" onClick={() => void read()}>
          {texts.readAgain}
        </button>
      </div>
      <TextBox
        name="search"
        type="search"
        label={texts.findBooking}
        hint={texts.findBookingHint}
        value={search}
        onChange={({ target }) => setSearch(target.value)}
      />
      {isFailed && (
        <p className="notice bad" role="alert">
          {texts.failedNetwork}
        </p>
      )}
      {!bookings && !isFailed && <Waiting />}
      {bookings && <p role="status">{counted(texts.bookingCount, found.length)}</p>}
      <ul className="lines">
        {found.slice(0, most).map((booking) => (
          <li key={booking.id}>
            <Booking {...{ booking, timeZone }} changed={() => void read()} />
          </li>
        ))}
      </ul>
      {found.length > most && (
        <button type="button" className="button" onClick={() => setMost(most + PAGE)}>
          {texts.more}
        </button>
      )}
    </section>
  );
}

type BookingProps = { readonly booking: SoldBooking; readonly timeZone: string; readonly changed: () => void };

function Booking({ booking, timeZone, changed }: BookingProps) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const [isOpen, setOpen] = useState(false);
  const { id, holder, tickets, total, refunded, confirmedAt } = booking;
  const valid = tickets.filter(({ isVoid }) => !isVoid).length;
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="booking-line">
        <span className="row-text">
          <strong>{holder || texts.onlineBooking}</strong>
          <span>
            {formats.dateTime(confirmedAt, timeZone)} · {counted(texts.ticketCount, tickets.length)}
          </span>
          <span dir="ltr" className="reference">
            {id.slice('Booking_'.length)}
          </span>
        </span>
        {valid < tickets.length && (
          <span className={valid === 0 ? 'badge quiet' : 'badge warn'}>{counted(texts.validCount, valid)}</span>
        )}
        <span className="amounts">
          <b>{formats.money(total)}</b>
          {refunded.amountMinor > 0 && <small>{fill(texts.refunded, formats.money(refunded))}</small>}
        </span>
      </summary>
      {isOpen && <RefundForm {...{ booking, changed }} />}
    </details>
  );
}
