import type { SelectDetail } from '@frontrow/seatmap/element';
import { Button } from 'react-aria-components';
import { useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { QUOTE } from '../operations/fan.ts';
import type { Texts } from '../texts/en.ts';
import { fill, useTexts } from '../texts/texts.ts';
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
  readonly hold: (quoteHash: string) => void;
};

/** The chosen seats with their quote: the price that the hold will have. */
export function Selection({ event, chosen, isHolding, canBuy, remove, hold }: Props) {
  const texts = useTexts();
  const formats = useFormats();
  const lines = chosen.seats.map(({ id }) => ({ seatId: id }));
  const [{ data, error, fetching }] = useQuery({ query: QUOTE, variables: { eventId: event.id, lines, codes: null } });
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
              <span>{name}</span>
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
        onPress={() => quote && hold(quote.hash)}
      >
        {holdText(texts, count, isHolding)}
      </Button>
    </section>
  );
}

function holdText(texts: Texts, count: number, isHolding: boolean): string {
  if (isHolding) return texts.holding;
  return count === 1 ? texts.holdOne : fill(texts.hold, count);
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
