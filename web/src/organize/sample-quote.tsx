import { useState } from 'react';
import { useQuery } from 'urql';
import { ChoiceBox } from '../forms/fields.tsx';
import { SELLER_QUOTE } from '../operations/sales.ts';
import { useFormats } from '../parts/formats.ts';
import { errorText } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';
import type { Layout } from './layouts.ts';
import type { PricedEvent } from './price-draft.ts';

const COMPANION = 4;

type Props = { readonly event: PricedEvent; readonly layout: Layout };

/** What one ticket costs with everything, as fans pay it, by the prices that are saved. */
export function SampleQuote({ event, layout }: Props) {
  const texts = useOrganizerTexts();
  const list = event.priceList;
  const [level, setLevel] = useState(0);
  const [type, setType] = useState<string>();
  if (!list) return null;
  const at = Math.min(level, list.priceLevels.length - 1);
  const sold = list.priceLevels[at]?.prices.map(({ ticketType }) => ticketType) ?? [];
  const types = list.ticketTypes.filter(({ key }) => sold.includes(key));
  const ticketType = types.find(({ key }) => key === type)?.key ?? types[0]?.key;
  const seatNo = [...atob(list.seatLevels)].findIndex(
    (char, seat) => char.charCodeAt(0) === at && ((layout.flags[seat] ?? 0) & COMPANION) === 0,
  );
  return (
    <section className="paper">
      <h2>{texts.sample}</h2>
      <p className="hint">{texts.sampleHint}</p>
      <div className="pair">
        <ChoiceBox
          name="sampleLevel"
          label={texts.levels}
          value={String(at)}
          options={list.priceLevels.map(({ name }, index) => [String(index), name])}
          onChange={(chosen) => setLevel(Number(chosen))}
        />
        <ChoiceBox
          name="sampleType"
          label={texts.ticketTypes}
          value={ticketType ?? ''}
          options={types.map(({ key, name }) => [key, name])}
          onChange={setType}
        />
      </div>
      {seatNo >= 0 && ticketType && (
        <Parts eventId={event.id} seatId={layout.idOf(seatNo)} ticketType={ticketType} list={list} />
      )}
    </section>
  );
}

type PartsProps = { eventId: string; seatId: string; ticketType: string; list: object };

function Parts({ eventId, seatId, ticketType, list }: PartsProps) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const [asked, setAsked] = useState(list);
  const variables = { eventId, lines: [{ seatId, ticketType }] };
  const [{ data, error, fetching }, again] = useQuery({
    query: SELLER_QUOTE,
    variables,
    requestPolicy: 'cache-and-network',
  });
  if (asked !== list) {
    setAsked(list);
    queueMicrotask(() => again({ requestPolicy: 'network-only' }));
  }
  if (error) return <p className="notice bad">{errorText(texts, error)}</p>;
  const quote = fetching ? undefined : data?.quote;
  const line = quote?.lines[0];
  const charges = [...(line?.fees ?? []), ...(line?.taxes ?? []), ...(quote?.fees ?? []), ...(quote?.taxes ?? [])];
  return (
    <dl className="total" aria-busy={!quote} aria-label={texts.sample}>
      <div>
        <dt>{texts.face}</dt>
        <dd>{line ? formats.money(line.face) : '…'}</dd>
      </div>
      {charges.map(({ name, inclusive, amount }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a fee of a ticket and one of a booking may have one name.
        <div key={index}>
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
