import type { FrontrowSeatmap, SelectDetail } from '@frontrow/seatmap/element';
import { useParams } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { TextBox } from '../forms/fields.tsx';
import { bestBlock } from '../organize/best-block.ts';
import { SeatsPage } from '../organize/event-page.tsx';
import type { PricedEvent } from '../organize/price-draft.ts';
import { SaleForm, type SaleLine, type Sold, SoldTickets } from '../organize/sale-form.tsx';
import { SeatMap } from '../parts/seat-map.tsx';
import { refusalText } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';

const MOST = 100;
const AVAILABLE = 0;

/** Sells seats to a person at the counter, with tickets at once. */
export function BoxOfficePage() {
  const { eventId } = useParams({ from: '/organizer/events/$eventId/box-office' });
  const texts = useOrganizerTexts();
  return (
    <SeatsPage eventId={eventId} title={texts.roleBOX_OFFICE}>
      {({ event }) => <BoxOffice event={event} />}
    </SeatsPage>
  );
}

type Selling = { readonly lines: readonly SaleLine[]; readonly seatNos: readonly number[] };
/** What is being sold, while the answer is awaited. */
function useSelling() {
  const selling = useRef<Selling>(undefined);
  const [sellingLines, setLines] = useState<readonly SaleLine[]>();
  const setSelling = (next: Selling | undefined) => {
    selling.current = next;
    setLines(next?.lines);
  };
  return { selling, sellingLines, setSelling };
}

type Places = { readonly id: string; readonly label: string; readonly quantity: number };

function BoxOffice({ event }: { event: PricedEvent }) {
  const texts = useOrganizerTexts();
  const map = useRef<FrontrowSeatmap>(undefined);
  const [chosen, setChosen] = useState<SelectDetail['seats']>([]);
  const [places, setPlaces] = useState<readonly Places[]>([]);
  const [booking, setBooking] = useState<Sold>();
  const [problem, setProblem] = useState('');
  const { selling, sellingLines, setSelling } = useSelling();
  if (event.status === 'DRAFT') return <p className="notice">{texts.publishFirst}</p>;
  const lines: SaleLine[] = [
    ...chosen.map(({ id, section, row, label }) => ({
      ...{ id, seatId: id },
      name: [fill(texts.section, section), fill(texts.row, row), fill(texts.seat, label)].join(' · '),
    })),
    ...places.map(({ id, label, quantity }) => ({
      ...{ id, sectionId: id, quantity },
      name: `${fill(texts.section, label)} × ${quantity}`,
    })),
  ];
  const drop = ({ id }: SaleLine) => {
    const seat = chosen.find((one) => one.id === id);
    if (seat) map.current?.toggle(seat.seatNo);
    setPlaces(places.filter((one) => one.id !== id));
  };
  const addPlace = ({ id, label }: { id: string; label: string }) => {
    const quantity = (places.find((one) => one.id === id)?.quantity ?? 0) + 1;
    setPlaces([...places.filter((one) => one.id !== id), { id, label, quantity }]);
  };
  // What is being sold is no longer a choice: the map would say that another fan has taken it.
  const begin = () => {
    setSelling({ lines, seatNos: chosen.map(({ seatNo }) => seatNo) });
    map.current?.clearSelection();
  };
  const end = (made: Sold | undefined) => {
    if (made) setPlaces([]);
    else for (const seatNo of selling.current?.seatNos ?? []) map.current?.toggle(seatNo);
    setSelling(undefined);
    setBooking(made);
  };
  return (
    <div className="choice-grid">
      <SeatMap
        eventId={event.id}
        most={MOST}
        takesBlocked
        ready={(element) => {
          map.current = element;
        }}
        chosen={({ seats }) => setChosen(seats)}
        pressedSection={addPlace}
        refused={(refusal) => setProblem(refusalText(texts, refusal))}
      />
      <div className="stack">
        {problem && (
          <p className="notice bad" role="alert">
            {problem}
          </p>
        )}
        {booking ? (
          <SoldTickets booking={booking} next={() => setBooking(undefined)} />
        ) : (
          <>
            <Best choose={(count) => chooseBest(map.current, count)} />
            <SaleForm {...{ event, drop, begin, end }} lines={sellingLines ?? lines} />
          </>
        )}
      </div>
    </div>
  );
}

/** Chooses the best free seats side by side, in place of what is chosen. False when there are none. */
function chooseBest(element: FrontrowSeatmap | undefined, count: number): boolean {
  const { layout, statuses } = element?.client ?? {};
  if (!element || !layout || !statuses) return false;
  element.clearSelection();
  const block = bestBlock(layout, (seatNo) => statuses.codes[seatNo] === AVAILABLE, count);
  for (const seatNo of block) element.toggle(seatNo);
  return block.length > 0;
}

function Best({ choose }: { choose: (count: number) => boolean }) {
  const texts = useOrganizerTexts();
  const [count, setCount] = useState('2');
  const [isNone, setNone] = useState(false);
  return (
    <section className="panel">
      <div className="line">
        <TextBox
          name="howMany"
          type="number"
          min={1}
          max={MOST}
          label={texts.howMany}
          value={count}
          problem={isNone ? texts.noBlock : undefined}
          onChange={({ target }) => setCount(target.value)}
        />
        <button type="button" className="button" onClick={() => setNone(!choose(Number(count) || 1))}>
          {texts.chooseBest}
        </button>
      </div>
    </section>
  );
}
