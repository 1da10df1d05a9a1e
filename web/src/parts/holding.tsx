import type { FrontrowSeatmap } from '@frontrow/seatmap/element';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { useQuery } from 'urql';
import { tellOfBooking } from '../api/booking-news.ts';
import type { ResultOf } from '../api/graphql.ts';
import { MY_HOLDS } from '../operations/fan.ts';
import { useTexts } from '../texts/texts.ts';
import type { MapRefusal } from './seat-map.tsx';
import { useSession } from './shell.tsx';
import { SignInDialog } from './sign-in-dialog.tsx';
import { refusalText } from './states.tsx';
import { useNow } from './use-now.ts';
import { useWishKey } from './wish-key.ts';

/**
 * Shows the seats that the fan holds already as the fan's own, also after a way back from the booking. Returns the booking
 * that ends first.
 */
export function useOwnHolds(eventId: string, map: FrontrowSeatmap | undefined) {
  const session = useSession();
  const [{ data }, again] = useQuery({ query: MY_HOLDS, pause: !session, requestPolicy: 'cache-and-network' });
  const nodes = session ? data?.viewer?.bookings.nodes : undefined;
  const own = useMemo(() => holdsOf(eventId, nodes ?? []), [eventId, nodes]);
  useEffect(() => {
    const [first] = own;
    const seatNos = own.flatMap(({ seats }) => seats.map(({ seat }) => seat.seatNo));
    map?.client?.showHold(first && { bookingId: first.id, seatNos, expiresAt: first.holdExpiresAt });
  }, [own, map]);
  const readHolds = () => session && again({ requestPolicy: 'network-only' });
  return { hold: own[0], readHolds };
}

type Holds = NonNullable<ResultOf<typeof MY_HOLDS>['viewer']>['bookings']['nodes'];

/** The holds of an event, the one that ends first at the start. A booking in the cache may have been paid since. */
const holdsOf = (eventId: string, holds: Holds): Holds =>
  holds
    .filter(({ event, status }) => event.id === eventId && (status === 'PENDING_PAYMENT' || status === 'PAYMENT_READY'))
    .toSorted((a, b) => a.holdExpiresAt.localeCompare(b.holdExpiresAt));

/** The way back to the seats that are held here, until their time is over. */
export function HeldNotice({ hold: { id, holdExpiresAt } }: { hold: Holds[number] }) {
  const texts = useTexts();
  if (useNow() >= Date.parse(holdExpiresAt)) return null;
  return (
    <p className="notice">
      {texts.holdsHere}{' '}
      <Link to="/bookings/$bookingId" params={{ bookingId: id }}>
        {texts.bookingTitle}
      </Link>
    </p>
  );
}

/** What the fan wants to hold, and how that is asked for. */
type Hold = { readonly wish: object; readonly hold: (key: string) => Promise<{ bookingId: string }> | undefined };

/** Holds seats for the fan, who signs in first when that is needed, then shows the booking. */
export function useHolding(eventId: string, readHolds: () => void) {
  const texts = useTexts();
  const navigate = useNavigate();
  const session = useSession();
  const [isHolding, setHolding] = useState(false);
  const [problem, setProblem] = useState('');
  const [waiting, setWaiting] = useState<Hold>();
  const keys = useWishKey();
  const run = async (wanted: Hold, isSignedIn = session !== undefined): Promise<void> => {
    setProblem('');
    if (!isSignedIn) return setWaiting(wanted);
    setHolding(true);
    try {
      const held = await wanted.hold(keys.of(wanted.wish));
      if (!held) return;
      sessionStorage.setItem('frontrow.booking', held.bookingId);
      tellOfBooking();
      await navigate({ to: '/bookings/$bookingId', params: { bookingId: held.bookingId } });
    } catch (error) {
      const refusal = (error as { refusal?: MapRefusal }).refusal;
      if (refusal && refusal.code !== 'TRY_AGAIN') keys.renew();
      // The answer may have been lost after the seats were held.
      readHolds();
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
