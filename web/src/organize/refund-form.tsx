import { useState } from 'react';
import type { ResultOf } from '../api/graphql.ts';
import { ChoiceBox, Form, TextArea, textOf, Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { REFUND } from '../operations/refunds.ts';
import { type Money, useFormats } from '../parts/formats.ts';
import { seatName } from '../parts/seat-name.ts';
import { useWishKey } from '../parts/wish-key.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { counted, fill } from '../texts/texts.ts';
import type { SoldBooking, SoldTicket } from './event-files.ts';

type RefundResult = NonNullable<ResultOf<typeof REFUND>['refundTickets']>;
type Made = Extract<RefundResult, { refund: unknown }>;

const SEATS = ['FREE', 'BLOCKED'] as const;
const FIELDS = ['ticketIds', 'reason'];

type Props = { readonly booking: SoldBooking; readonly changed: () => void };

/** Gives tickets of one booking back, and shows what became of it. */
export function RefundForm({ booking, changed }: Props) {
  const texts = useOrganizerTexts();
  const { run, isBusy, problems, setProblems } = useAction(REFUND);
  const keys = useWishKey();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [made, setMade] = useState<Made>();
  const valid = booking.tickets.filter(({ isVoid }) => !isVoid);
  const wanted = valid.filter(({ id }) => chosen.has(id));
  const submit = async (given: FormData) => {
    setMade(undefined);
    const wish = {
      bookingId: booking.id,
      ticketIds: wanted.map(({ id }) => id),
      refundFees: given.get('keepFees') === null,
      seats: textOf(given, 'seats') as (typeof SEATS)[number],
      reason: textOf(given, 'reason'),
    };
    const { done, refused } = await run({ input: { ...wish, idempotencyKey: keys.of(wish) } });
    if (refused?.__typename === 'NotRefundable') setProblems({ ticketIds: texts.NOT_REFUNDABLE });
    if (done || refused) keys.renew();
    if (done) setMade(done);
    if (done || refused?.__typename === 'NotRefundable') changed();
  };
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <Form problems={problems} label={texts.refundTickets} submit={(given) => void submit(given)}>
      <Tickets {...{ tickets: booking.tickets, chosen, toggle }} problem={problems.ticketIds} />
      {valid.length > 0 && (
        <>
          <Price tickets={wanted} />
          <label className="check">
            <input type="checkbox" name="keepFees" />
            {texts.keepFees}
          </label>
          <ChoiceBox
            name="seats"
            label={texts.refundedSeats}
            options={SEATS.map((one) => [one, texts[`refundedSeats${one}`]])}
          />
          <TextArea
            name="reason"
            label={texts.reason}
            hint={texts.refundReasonHint}
            problem={problems.reason}
            maxLength={500}
            required
          />
          <Wrong texts={restOf(problems, FIELDS)} />
          <button type="submit" className="button danger" disabled={isBusy || wanted.length === 0}>
            {counted(texts.refundCount, wanted.length)}
          </button>
        </>
      )}
      {made && <Result made={made} />}
    </Form>
  );
}

type TicketsProps = {
  readonly tickets: readonly SoldTicket[];
  readonly chosen: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  readonly problem: string | undefined;
};

function Tickets({ tickets, chosen, toggle, problem }: TicketsProps) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  return (
    <fieldset>
      <legend>{texts.ticketsToRefund}</legend>
      <ul className="lines">
        {tickets.map(({ id, seat, type, total, isVoid }) => (
          <li key={id} className="refundable">
            <label className="check">
              <input
                type="checkbox"
                checked={!isVoid && chosen.has(id)}
                disabled={isVoid}
                aria-invalid={problem !== undefined || undefined}
                onChange={() => toggle(id)}
              />
              <span>
                {seatName(texts, seat)}
                <small className="hint">{type}</small>
              </span>
            </label>
            {isVoid && <span className="badge quiet">{texts.ticketVoid}</span>}
            <b>{formats.money(total)}</b>
          </li>
        ))}
      </ul>
      {problem && (
        <span className="wrong" role="alert">
          {problem}
        </span>
      )}
    </fieldset>
  );
}

/** The price of the chosen tickets. Only the API knows how much of it goes back. */
function Price({ tickets }: { tickets: readonly SoldTicket[] }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const [first] = tickets;
  if (!first) return <p className="hint">{texts.chooseTickets}</p>;
  const amountMinor = tickets.reduce((sum, { total }) => sum + total.amountMinor, 0);
  const price: Money = { ...first.total, amountMinor };
  return <p className="hint">{fill(texts.refundAbout, formats.money(price))}</p>;
}

function Result({ made: { booking, refund } }: { made: Made }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const isByHand = booking.tender !== null;
  return (
    <p className="notice good" role="status">
      {fill(isByHand ? texts.refundByHand : texts.refundMade, formats.money(refund.amount))}{' '}
      {booking.tender && texts[`tender${booking.tender}`]}
      {!isByHand && texts[`refund${refund.status}`]}
    </p>
  );
}
