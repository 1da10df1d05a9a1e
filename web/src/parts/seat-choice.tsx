import type { FrontrowSeatmap, SelectDetail } from '@frontrow/seatmap/element';
import { useRef, useState } from 'react';
import { counted, useTexts } from '../texts/texts.ts';
import { BestSeats } from './best-seats.tsx';
import { CodeField } from './code-field.tsx';
import type { FullEvent } from './event-types.ts';
import { HeldNotice, useHolding, useOwnHolds } from './holding.tsx';
import { Legend, PriceFilter, type Wanted } from './price-filter.tsx';
import { type MapRefusal, SeatMap } from './seat-map.tsx';
import { Selection } from './selection.tsx';

type Props = { readonly event: FullEvent; readonly refused: (refusal: MapRefusal) => void };

const NOTHING: SelectDetail = { seats: [], singles: [] };

/** The map with the panel beside it, from looking to holding seats. */
export function SeatChoice({ event, refused }: Props) {
  const texts = useTexts();
  const map = useRef<FrontrowSeatmap>(undefined);
  const [chosen, setChosen] = useState<SelectDetail>(NOTHING);
  const [wanted, setWanted] = useState<Wanted>({ tiers: [] });
  const [codes, setCodes] = useState<readonly string[]>([]);
  const [section, setSection] = useState<{ id: string; label: string }>();
  const [colours, setColours] = useState<ReadonlyMap<string, string>>(new Map());
  const [isReady, setReady] = useState(false);
  const { hold, readHolds } = useOwnHolds(event.id, isReady ? map.current : undefined);
  const { run, isHolding, problem, dialog } = useHolding(event.id, readHolds);
  const filter = (next: Wanted) => {
    setWanted(next);
    if (map.current) map.current.filter = next;
  };
  const isSoldOut = event.saleStatus === 'SOLD_OUT';
  const canBuy = !isSoldOut && !event.salesPaused;
  return (
    <div className="choice-grid">
      <SeatMap
        eventId={event.id}
        most={event.seatsPerBooking}
        takesBlocked={codes.length > 0}
        ready={(element) => {
          map.current = element;
          setColours(element.tierColours);
          setReady(true);
        }}
        chosen={setChosen}
        pressedSection={setSection}
        refused={refused}
      />
      <aside className="panel" aria-label={texts.yourSeats}>
        {isSoldOut && <p className="notice">{texts.soldOutHint}</p>}
        {event.salesPaused && <p className="notice">{texts.pausedHint}</p>}
        {problem && (
          <p className="notice bad" role="alert">
            {problem}
          </p>
        )}
        {hold && <HeldNotice hold={hold} />}
        {chosen.seats.length > 0 ? (
          <Selection
            {...{ event, chosen, isHolding, canBuy, codes }}
            remove={(seatNo) => map.current?.toggle(seatNo)}
            hold={(tickets, quoteHash) =>
              void run({
                wish: { tickets, quoteHash, codes },
                hold: (key) => map.current?.client?.holdTickets(tickets, key, { quoteHash, codes }),
              })
            }
          />
        ) : (
          <>
            <h2>{texts.yourSeats}</h2>
            <p className="hint">{counted(texts.chooseSeats, event.seatsPerBooking)}</p>
          </>
        )}
        {canBuy && chosen.seats.length === 0 && (
          <BestSeats
            {...{ event, isHolding, wanted, section }}
            hold={(wish) => {
              const sectionIds = section ? [section.id] : sectionsOf(map.current, wanted);
              const asked = { ...wish, codes, ...(sectionIds && { sectionIds }) };
              void run({ wish: asked, hold: (key) => map.current?.client?.holdBest(asked, key) });
            }}
          />
        )}
        {canBuy && <CodeField eventId={event.id} codes={codes} change={setCodes} />}
        <PriceFilter {...{ event, wanted, colours }} change={filter} />
        <Legend />
      </aside>
      {dialog}
    </div>
  );
}

/** The sections of the prices that the fan wants; undefined for all. The API knows levels by keys that it shows to organizers only. */
function sectionsOf(map: FrontrowSeatmap | undefined, { tiers }: Wanted): string[] | undefined {
  if (tiers.length === 0) return undefined;
  const sections = map?.client?.layout?.sections.filter(({ tier }) => tiers.includes(tier));
  return sections?.map(({ id }) => id);
}
