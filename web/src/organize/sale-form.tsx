import { useRef, useState } from 'react';
import { useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { ChoiceBox, Form, someText, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { type Problems, restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { SELL, SELLER_QUOTE } from '../operations/sales.ts';
import { useFormats } from '../parts/formats.ts';
import { QrCode } from '../parts/qr-code.tsx';
import { seatName } from '../parts/seat-name.ts';
import { Total } from '../parts/selection.tsx';
import { errorText } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import type { PricedEvent } from './price-draft.ts';

export type SaleLine = {
  readonly id: string;
  readonly name: string;
  readonly seatId?: string;
  readonly sectionId?: string;
  readonly quantity?: number;
};
type SellResult = NonNullable<ResultOf<typeof SELL>['sellAtBoxOffice']>;
export type Sold = Extract<SellResult, { booking: unknown }>['booking'];

type Props = {
  readonly event: PricedEvent;
  readonly lines: readonly SaleLine[];
  readonly begin: () => void;
  /** Undefined: nothing was sold. */
  readonly end: (booking: Sold | undefined) => void;
  readonly drop: (line: SaleLine) => void;
};

const TENDERS = ['CASH', 'CARD_TERMINAL', 'INVOICE', 'COMPLIMENTARY'] as const;

/** The chosen seats with their ticket types, how they are paid and who has them. */
export function SaleForm({ event, lines, drop, begin, end }: Props) {
  const texts = useOrganizerTexts();
  const [types, setTypes] = useState<Readonly<Record<string, string>>>({});
  const [tender, setTender] = useState<(typeof TENDERS)[number]>('CASH');
  const { run, isBusy, problems } = useAction(SELL);
  // A repeated press after a lost answer sells nothing twice.
  const key = useRef(crypto.randomUUID());
  const asked = lines.map(({ id, name: _, ...line }) => ({ ...line, ...(types[id] && { ticketType: types[id] }) }));
  const variables = { eventId: event.id, lines: asked };
  const [{ data, error, fetching }, again] = useQuery({ query: SELLER_QUOTE, variables, pause: lines.length === 0 });
  const quote = fetching || lines.length === 0 ? undefined : data?.quote;
  const submit = async (given: FormData) => {
    const name = textOf(given, 'holderName');
    const input = {
      ...{ eventId: event.id, lines: asked, tender, idempotencyKey: key.current },
      ...(quote && tender !== 'COMPLIMENTARY' && { quoteHash: quote.hash }),
      ...(someText(given, 'reference') && { reference: textOf(given, 'reference') }),
      ...(name && { holder: { name, email: someText(given, 'holderEmail') ?? null } }),
    };
    begin();
    const { done, refused } = await run({ input });
    if (done || refused) key.current = crypto.randomUUID();
    if (refused?.__typename === 'PriceChanged') again({ requestPolicy: 'network-only' });
    end(done?.booking);
  };
  const options = (event.priceList?.ticketTypes ?? []).map((type) => [type.key, type.name] as const);
  return (
    <Form className="panel form" label={texts.sale} problems={problems} submit={(given) => void submit(given)}>
      <h2>{texts.sale}</h2>
      {lines.length === 0 && <p className="hint">{texts.chooseForSale}</p>}
      <ul className="lines">
        {lines.map((line) => (
          <Line
            key={line.id}
            {...{ line, options }}
            type={types[line.id] ?? ''}
            drop={() => drop(line)}
            choose={(type) => setTypes({ ...types, [line.id]: type })}
          />
        ))}
      </ul>
      {error && lines.length > 0 && (
        <p className="notice bad" role="alert">
          {errorText(texts, error)}
        </p>
      )}
      {lines.length > 0 && tender !== 'COMPLIMENTARY' && <Total quote={quote} />}
      <Terms {...{ tender, setTender, problems }} />
      <Wrong texts={restOf(problems, ['reference', 'holder.name', 'holder.email'])} />
      <button type="submit" className="button primary wide" disabled={isBusy || lines.length === 0}>
        {texts.sell}
      </button>
    </Form>
  );
}

type Tender = (typeof TENDERS)[number];
type TermsProps = {
  readonly tender: Tender;
  readonly setTender: (tender: Tender) => void;
  readonly problems: Problems;
};

function Terms({ tender, setTender, problems }: TermsProps) {
  const texts = useOrganizerTexts();
  return (
    <>
      <ChoiceBox
        name="tender"
        label={texts.tender}
        value={tender}
        options={TENDERS.map((one) => [one, texts[`tender${one}`]])}
        onChange={(one) => setTender(one as Tender)}
      />
      <TextBox
        name="reference"
        label={texts.reference}
        hint={texts.referenceHint}
        problem={problems.reference}
        maxLength={200}
      />
      <TextBox
        name="holderName"
        label={texts.holderName}
        problem={problems['holder.name']}
        maxLength={100}
        autoComplete="off"
      />
      <TextBox
        name="holderEmail"
        type="email"
        label={texts.holderEmail}
        problem={problems['holder.email']}
        autoComplete="off"
      />
    </>
  );
}

type LineProps = {
  readonly line: SaleLine;
  readonly options: readonly (readonly [string, string])[];
  readonly type: string;
  readonly choose: (type: string) => void;
  readonly drop: () => void;
};

function Line({ line, options, type, choose, drop }: LineProps) {
  const texts = useOrganizerTexts();
  return (
    <li className="line">
      <ChoiceBox
        name="ticketType"
        label={line.name}
        value={type}
        options={[['', texts.usualType], ...options]}
        onChange={choose}
      />
      <button type="button" className="button" aria-label={`${texts.takeAway}: ${line.name}`} onClick={drop}>
        {texts.takeAway}
      </button>
    </li>
  );
}

/** What was sold, with the codes of its tickets. */
export function SoldTickets({ booking, next }: { booking: Sold; next: () => void }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  return (
    <section className="panel" role="status">
      <h2>{texts.soldNow}</h2>
      <p className="big">{formats.money(booking.total)}</p>
      {booking.holder && <p>{booking.holder.name}</p>}
      <ul className="lines">
        {booking.tickets.map(({ id, code, seat, ticketType }) => (
          <li key={id} className="line">
            <QrCode text={code} label={`${seatName(texts, seat)}. ${texts.showAtDoor}`} />
            <span className="row-text">
              <strong>{seatName(texts, seat)}</strong>
              <span>{ticketType.name}</span>
            </span>
          </li>
        ))}
      </ul>
      <div className="actions">
        <button type="button" className="button primary" onClick={next}>
          {texts.nextSale}
        </button>
        <button type="button" className="button" onClick={() => print()}>
          {texts.print}
        </button>
      </div>
    </section>
  );
}
