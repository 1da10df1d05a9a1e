import { Link, useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { Form, Wrong } from '../forms/fields.tsx';
import { type Problems, restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { SET_PRICES } from '../operations/sales.ts';
import { SeatsPage } from '../organize/event-page.tsx';
import type { Layout } from '../organize/layouts.ts';
import { PlanDrawing } from '../organize/plan-drawing.tsx';
import { buildPrices, draftOf, NO_LEVEL, type PriceDraft, type PricedEvent } from '../organize/price-draft.ts';
import { PriceLevels } from '../organize/price-levels.tsx';
import { Fees, Taxes, TicketTypes } from '../organize/price-parts.tsx';
import { SampleQuote } from '../organize/sample-quote.tsx';
import { type Look, SeatList } from '../organize/seat-list.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';

/** What each seat costs: levels painted on the plan, ticket types, fees and taxes. */
export function PricesPage() {
  const { eventId } = useParams({ from: '/organizer/events/$eventId/prices' });
  const texts = useOrganizerTexts();
  return (
    <SeatsPage eventId={eventId} title={texts.prices}>
      {(found) => <Prices {...found} />}
    </SeatsPage>
  );
}

function Prices({ event, layout }: { event: PricedEvent; layout: Layout }) {
  const texts = useOrganizerTexts();
  const [draft, setDraft] = useState(() => draftOf(event, layout, { level: texts.levelName, type: texts.fullPrice }));
  const [brush, setBrush] = useState(draft.levels[0]?.id ?? '');
  const [shown, setShown] = useState<Problems>({});
  const [isSaved, setSaved] = useState(false);
  const { run, isBusy } = useAction(SET_PRICES);
  const change = (next: Partial<PriceDraft>) => {
    setSaved(false);
    setDraft((before) => ({ ...before, ...next }));
  };
  const save = async () => {
    const { currency, id: eventId } = event;
    const { input, problems, fieldOf } = buildPrices(draft, { layout, currency, notAnAmount: texts.notAnAmount });
    setSaved(false);
    setShown(problems);
    if (Object.keys(problems).length > 0) return;
    const outcome = await run({ input: { eventId, ...input } });
    const wrong = Object.entries(outcome.problems ?? {}).map(([path, message]) => [fieldOf(path), message]);
    setShown(Object.fromEntries(wrong));
    setSaved(outcome.done !== undefined);
  };
  const part = { draft, change, problems: shown };
  return (
    <Form problems={shown} submit={() => void save()}>
      <TicketTypes {...part} />
      <PriceLevels {...part} {...{ brush, setBrush }} currency={event.currency} />
      <Painter {...{ draft, layout, brush, change }} />
      <div className="pair">
        <Fees {...part} />
        <Taxes {...part} />
      </div>
      <Wrong texts={restOf(shown, fieldsOf(draft))} />
      <div className="save-bar">
        <button type="submit" className="button primary" disabled={isBusy}>
          {texts.savePrices}
        </button>
        {isSaved && (
          <span className="notice good" role="status">
            {texts.saved}{' '}
            <Link to="/organizer/events/$eventId" params={{ eventId: event.id }}>
              {texts.toPublish}
            </Link>
          </span>
        )}
      </div>
      <SampleQuote {...{ event, layout }} />
    </Form>
  );
}

/** The fields that show their own problems. */
function fieldsOf({ levels, types, fees, taxes }: PriceDraft): string[] {
  return [
    ...levels.flatMap((_, at) => [
      ...['name', 'seats', 'prices'].map((field) => `priceLevels[${at}].${field}`),
      ...types.map(({ id }) => `price ${at} ${id}`),
    ]),
    ...types.flatMap((_, at) => [`ticketTypes[${at}].name`, `ticketTypes[${at}].maxPerBooking`]),
    ...fees.flatMap((_, at) => [`fees[${at}].name`, `fees[${at}].amount`, `fees[${at}]`]),
    ...taxes.flatMap((_, at) => [`taxes[${at}].name`, `taxes[${at}].percent`, `taxes[${at}].amount`]),
  ];
}

type PainterProps = {
  readonly draft: PriceDraft;
  readonly layout: Layout;
  readonly brush: string;
  readonly change: (next: Partial<PriceDraft>) => void;
};

const REACHES = ['section', 'row', 'seat'] as const;

/** Gives seats the chosen level: on the drawing, or in the list. */
function Painter({ draft, layout, brush, change }: PainterProps) {
  const texts = useOrganizerTexts();
  const [reach, setReach] = useState<(typeof REACHES)[number]>('section');
  const { levels, painting } = draft;
  const at = Math.max(
    0,
    levels.findIndex(({ id }) => id === brush),
  );
  const colourOf = useMemo(
    () => (seatNo: number) => levels[painting[seatNo] ?? NO_LEVEL]?.colour ?? '#8a91a0',
    [levels, painting],
  );
  const paint = (seatNos: readonly number[]) => {
    const next = painting.slice();
    for (const seatNo of seatNos) next[seatNo] = at;
    change({ painting: next });
  };
  const press = (seatNo: number) => paint(reachOf(layout, seatNo, reach));
  const lookOf = (seatNos: readonly number[]): Look => {
    const found = [...new Set(seatNos.map((seatNo) => painting[seatNo] ?? NO_LEVEL))];
    const names = found.map((level) => levels[level]?.name ?? texts.noLevel);
    return { text: names.join(', '), colour: found.length === 1 ? levels[found[0] ?? NO_LEVEL]?.colour : undefined };
  };
  return (
    <section className="paper">
      <h2>{texts.paint}</h2>
      <p className="hint">{fill(texts.paintHint, levels[at]?.name ?? '')}</p>
      <fieldset className="chips">
        <legend>{texts.paintReach}</legend>
        {REACHES.map((one) => (
          <label key={one} className="check">
            <input type="radio" name="reach" checked={reach === one} onChange={() => setReach(one)} />
            {texts[`reach${one}`]}
          </label>
        ))}
      </fieldset>
      <PlanDrawing {...{ layout, colourOf }} label={texts.paint} pressed={press} />
      <details>
        <summary>{texts.paintInList}</summary>
        <SeatList {...{ layout, lookOf }} verb={fill(texts.paintWith, levels[at]?.name ?? '')} press={paint} />
      </details>
    </section>
  );
}

/** The seats that a press on one of them means. */
function reachOf(layout: Layout, seatNo: number, reach: (typeof REACHES)[number]): number[] {
  const section = layout.sections[layout.sectionOf[seatNo] ?? 0];
  if (reach === 'seat' && !section?.isGeneral) return [seatNo];
  const numbers = Array.from({ length: layout.seatCount }, (_, index) => index).filter(
    (other) => layout.sectionOf[other] === layout.sectionOf[seatNo],
  );
  if (reach === 'section' || section?.isGeneral) return numbers;
  return numbers.filter((other) => layout.rowOf(other) === layout.rowOf(seatNo));
}
