import type { SelectDetail } from '@frontrow/seatmap/element';
import { useState } from 'react';
import { Button } from 'react-aria-components';
import { useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { QUOTE, TICKET_TYPES } from '../operations/fan.ts';
import type { Texts } from '../texts/en.ts';
import { counted, fill, useTexts } from '../texts/texts.ts';
import type { FullEvent } from './event-types.ts';
import { useFormats } from './formats.ts';
import { Icon } from './icons.tsx';
import { errorText } from './states.tsx';

type Quote = ResultOf<typeof QUOTE>['quote'];

type Props = {
  readonly event: FullEvent;
  readonly chosen: SelectDetail;
  readonly isHolding: boolean;
  readonly canBuy: boolean;
  readonly remove: (seatNo: number) => void;
  readonly codes: readonly string[];
  readonly hold: (tickets: readonly { seatNo: number; ticketType?: string }[], quoteHash: string) => void;
};

/** The chosen seats with their quote: the price that the hold will have. */
export function Selection({ event, chosen, isHolding, canBuy, codes, remove, hold }: Props) {
  const texts = useTexts();
  const formats = useFormats();
  const [wanted, setWanted] = useState<Readonly<Record<string, string>>>({});
  const [{ data: sold }] = useQuery({ query: TICKET_TYPES, variables: { id: event.id, codes: [...codes] } });
  const types = sold?.event?.ticketTypes ?? [];
  // A type that a code opened is gone with the code.
  const typeOf = (id: string) => types.find(({ key }) => key === wanted[id])?.key;
  const lines = chosen.seats.map(({ id }) => {
    const ticketType = typeOf(id);
    return { seatId: id, ...(ticketType && { ticketType }) };
  });
  const [{ data, error, fetching }] = useQuery({
    query: QUOTE,
    variables: { eventId: event.id, lines, codes: [...codes] },
  });
  const quote = fetching ? undefined : data?.quote;
  const count = chosen.seats.length;
  return (
    <section>
      <h2>{texts.yourSeats}</h2>
      <ul className="seats">
        {chosen.seats.map(({ seatNo, id, section, row, label }) => {
          const name = [fill(texts.section, section), fill(texts.row, row), fill(texts.seat, label)].join(' · ');
          const line = quote?.lines.find(({ seat }) => seat?.id === id);
          return (
            <li key={id}>
              <span>
                {name}
                {types.length > 1 && (
                  <TypeChoice
                    label={fill(texts.ticketTypeOf, name)}
                    value={typeOf(id) ?? line?.ticketType.key ?? ''}
                    types={types}
                    choose={(type) => setWanted({ ...wanted, [id]: type })}
                  />
                )}
              </span>
              <b>{line && formats.money(line.total)}</b>
              <Button className="small" aria-label={fill(texts.remove, name)} onPress={() => remove(seatNo)}>
                <Icon name="close" />
              </Button>
            </li>
          );
        })}
      </ul>
      {chosen.singles.length > 0 && <p className="notice warn">{texts.singleHint}</p>}
      {error && (
        <p className="notice bad" role="alert">
          {errorText(texts, error)}
        </p>
      )}
      <Total quote={quote} />
      <Button
        className="button primary wide"
        isDisabled={!quote || isHolding || !canBuy}
        onPress={() => quote && hold(ticketsOf(chosen, typeOf), quote.hash)}
      >
        {holdText(texts, count, isHolding)}
      </Button>
    </section>
  );
}

const ticketsOf = ({ seats }: SelectDetail, typeOf: (id: string) => string | undefined) =>
  seats.map(({ seatNo, id }) => {
    const ticketType = typeOf(id);
    return { seatNo, ...(ticketType && { ticketType }) };
  });

type TypeProps = {
  readonly label: string;
  readonly value: string;
  readonly types: readonly { readonly key: string; readonly name: string }[];
  readonly choose: (type: string) => void;
};

function TypeChoice({ label, value, types, choose }: TypeProps) {
  return (
    <select className="type-choice" aria-label={label} value={value} onChange={({ target }) => choose(target.value)}>
      {types.map(({ key, name }) => (
        <option key={key} value={key}>
          {name}
        </option>
      ))}
    </select>
  );
}

function holdText(texts: Texts, count: number, isHolding: boolean): string {
  if (isHolding) return texts.holding;
  return counted(texts.hold, count);
}

export function Total({ quote }: { quote: Pick<Quote, 'fees' | 'taxes' | 'total'> | undefined }) {
  const texts = useTexts();
  const formats = useFormats();
  return (
    <dl className="total" aria-busy={!quote}>
      {[...(quote?.fees ?? []), ...(quote?.taxes ?? [])].map(({ name, inclusive, amount }) => (
        <div key={name}>
          <dt>{inclusive ? fill(texts.included, name) : name}</dt>
          <dd>{formats.money(amount)}</dd>
        </div>
      ))}
      <div className="sum">
        <dt>{texts.total}</dt>
        <dd>{quote ? formats.money(quote.total) : '…'}</dd>
      </div>
    </dl>
  );
}
