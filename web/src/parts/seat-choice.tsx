import type { FrontrowSeatmap, SelectDetail } from '@frontrow/seatmap/element';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { tellOfBooking } from '../api/booking-news.ts';
import { fill, useTexts } from '../texts/texts.ts';
import { BestSeats } from './best-seats.tsx';
import { CodeField } from './code-field.tsx';
import type { FullEvent } from './event-types.ts';
import { Legend, PriceFilter, type Wanted } from './price-filter.tsx';
import { type MapRefusal, SeatMap } from './seat-map.tsx';
import { Selection } from './selection.tsx';
import { useSession } from './shell.tsx';
import { SignInDialog } from './sign-in-dialog.tsx';
import { refusalText } from './states.tsx';

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
  const { run, isHolding, problem, dialog } = useHolding(event.id);
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
        {chosen.seats.length > 0 ? (
          <Selection
            {...{ event, chosen, isHolding, canBuy, codes }}
            remove={(seatNo) => map.current?.toggle(seatNo)}
            hold={(tickets, quoteHash) =>
              void run((key) => map.current?.client?.holdTickets(tickets, key, { quoteHash, codes }))
            }
          />
        ) : (
          <>
            <h2>{texts.yourSeats}</h2>
            <p className="hint">{fill(texts.chooseSeats, event.seatsPerBooking)}</p>
          </>
        )}
        {canBuy && chosen.seats.length === 0 && (
          <BestSeats
            {...{ event, isHolding, wanted, section }}
            hold={(wish) => {
              const sectionIds = section ? [section.id] : sectionsOf(map.current, wanted);
              void run((key) =>
                map.current?.client?.holdBest({ ...wish, codes, ...(sectionIds && { sectionIds }) }, key),
              );
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

type Hold = (key: string) => Promise<{ bookingId: string }> | undefined;

/** Holds seats for the fan, who signs in first when that is needed, then shows the booking. */
function useHolding(eventId: string) {
  const texts = useTexts();
  const navigate = useNavigate();
  const session = useSession();
  const [isHolding, setHolding] = useState(false);
  const [problem, setProblem] = useState('');
  const [waiting, setWaiting] = useState<Hold>();
  // The same wish keeps its key, so that a second press after a lost answer does not hold more seats.
  const key = useRef(crypto.randomUUID());
  const run = async (hold: Hold, isSignedIn = session !== undefined): Promise<void> => {
    setProblem('');
    if (!isSignedIn) return setWaiting(() => hold);
    setHolding(true);
    try {
      const held = await hold(key.current);
      if (!held) return;
      sessionStorage.setItem('frontrow.booking', held.bookingId);
      tellOfBooking();
      await navigate({ to: '/bookings/$bookingId', params: { bookingId: held.bookingId } });
    } catch (error) {
      const refusal = (error as { refusal?: MapRefusal }).refusal;
      if (refusal && refusal.code !== 'TRY_AGAIN') key.current = crypto.randomUUID();
      setProblem(refusal ? refusalText(texts, refusal) : texts.failedNetwork);
    } finally {
      setHolding(false);
    }
  };
  const signedIn = () => {
    const hold = waiting;
    setWaiting(undefined);
    if (hold) void run(hold, true);
  };
  const dialog = waiting && <SignInDialog key={eventId} done={signedIn} close={() => setWaiting(undefined)} />;
  return { run, isHolding, problem, dialog };
}
