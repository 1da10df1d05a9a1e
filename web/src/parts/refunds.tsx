import type { KeptBooking } from '../api/kept-tickets.ts';
import { fill, useTexts } from '../texts/texts.ts';
import { useFormats } from './formats.ts';
import { seatName } from './seat-name.ts';

const kinds = { PENDING: 'warn', SUCCEEDED: 'good', FAILED: 'bad' } as const;

/** Frontrow's own reasons are codes for programs. */
const isCode = (reason: string): boolean => /^[A-Z_]+$/.test(reason);

/** What was paid back of a booking, and which tickets are void because of it. */
export function Refunds({ booking }: { booking: KeptBooking }) {
  const texts = useTexts();
  const formats = useFormats();
  return (
    <section className="paper" aria-live="polite">
      <h2>{texts.refunds}</h2>
      <ul className="refunds">
        {booking.refunds.map(({ id, amount, status, reason, createdAt, tickets }) => (
          <li key={id}>
            <div className="refund-head">
              <p className="big">{formats.money(amount)}</p>
              <span className={`badge ${kinds[status]}`}>{texts[`refund${status}`]}</span>
            </div>
            <p className="hint">
              {formats.longDate(createdAt)}
              {!isCode(reason) && <> · {fill(texts.refundReason, reason)}</>}
            </p>
            <ul className="seats">
              {tickets.map((ticket) => (
                <li key={ticket.id} className="void">
                  <span>
                    <s>{seatName(texts, ticket.seat)}</s>
                    <small>
                      {ticket.ticketType.name} · {texts.ticketVoid}
                    </small>
                  </span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  );
}
