import { Button } from 'react-aria-components';
import type { KeptBooking } from '../api/kept-tickets.ts';
import { fill, useTexts } from '../texts/texts.ts';
import { calendarFile } from './calendar-file.ts';
import { useFormats } from './formats.ts';
import { useGiveBack } from './held.tsx';
import { Icon } from './icons.tsx';
import { QrCode } from './qr-code.tsx';
import { seatName } from './seat-name.ts';
import { useNow } from './use-now.ts';

/** The tickets of a paid booking. */
export function Tickets({ booking }: { booking: KeptBooking }) {
  const texts = useTexts();
  return (
    <section className="tickets">
      <h2>{texts.confirmedTitle}</h2>
      <p className="hint">{texts.confirmedHint}</p>
      <ul>
        {booking.tickets.map((ticket, index) => (
          <li key={ticket.id} className="ticket">
            <QrCode
              text={ticket.code}
              label={`${fill(texts.ticketOf, index + 1, booking.tickets.length)}. ${texts.showAtDoor}`}
            />
            <div>
              <p className="hint">{fill(texts.ticketOf, index + 1, booking.tickets.length)}</p>
              <p className="big">{seatName(texts, ticket.seat)}</p>
              <p>{ticket.ticketType.name}</p>
              <p className="hint">{booking.event.title}</p>
            </div>
          </li>
        ))}
      </ul>
      <p className="actions">
        <a className="button" href={calendarFile(booking)} download="frontrow.ics">
          <Icon name="calendar" />
          {texts.addToCalendar}
        </a>
      </p>
      <Return booking={booking} />
    </section>
  );
}

function Return({ booking }: { booking: KeptBooking }) {
  const texts = useTexts();
  const formats = useFormats();
  const now = useNow();
  const { problem, giveBack, isBusy } = useGiveBack(booking.id);
  const until = booking.event.cancellableUntil;
  if (until === null || Date.parse(until) < now) return null;
  return (
    <div className="return">
      <p className="hint">{fill(texts.returnHint, formats.longDate(until, booking.event.venue.timeZone))}</p>
      {problem && (
        <p className="notice bad" role="alert">
          {problem}
        </p>
      )}
      <Button className="link" isDisabled={isBusy} onPress={() => void giveBack()}>
        {texts.returnTickets}
      </Button>
    </div>
  );
}
