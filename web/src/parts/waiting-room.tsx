import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { useMutation, useSubscription } from 'urql';
import { keepPasses, passesOf } from '../api/admissions.ts';
import type { ResultOf } from '../api/graphql.ts';
import { openSocketAgain } from '../api/socket-renewal.ts';
import { JOIN, LEAVE, PLACE_CHANGED } from '../operations/fan.ts';
import { counted, fill, useTexts } from '../texts/texts.ts';
import { DrawCheck } from './draw-check.tsx';
import type { FullEvent } from './event-types.ts';
import { useFormats } from './formats.ts';
import { useSession } from './shell.tsx';
import { SignInDialog } from './sign-in-dialog.tsx';
import { refusalText } from './states.tsx';
import { useNow } from './use-now.ts';

type Place = ResultOf<typeof PLACE_CHANGED>['waitingRoomChanged'];
type Props = { readonly event: FullEvent; readonly admitted: () => void };

/** The fan's place, as it moves, until it is the fan's turn. */
export function WaitingRoom({ event, admitted }: Props) {
  const texts = useTexts();
  const session = useSession();
  const [, join] = useMutation(JOIN);
  const [, leave] = useMutation(LEAVE);
  const [hasJoined, setJoined] = useState(() => passesOf(event.id).place !== undefined);
  const [asksWho, setAsksWho] = useState(false);
  const [problem, setProblem] = useState('');
  const isWatching = hasJoined && session !== undefined;
  const [{ data }] = useSubscription({ query: PLACE_CHANGED, variables: { eventId: event.id }, pause: !isWatching });
  const place = isWatching ? data?.waitingRoomChanged : undefined;
  const enter = async () => {
    setProblem('');
    const result = (await join({ input: { eventId: event.id } })).data?.joinWaitingRoom;
    if (result?.__typename === 'JoinWaitingRoomSuccess') {
      keepPasses(event.id, { ...passesOf(event.id), place: result.place.ticket });
      setJoined(true);
    } else setProblem(result && 'code' in result ? refusalText(texts, result) : texts.failedNetwork);
  };
  const goIn = (token: string, ticket: string) => {
    keepPasses(event.id, { ...passesOf(event.id), place: ticket, admission: token });
    openSocketAgain();
    admitted();
  };
  const goAway = () => {
    void leave({ input: { eventId: event.id } });
    keepPasses(event.id, {});
    setJoined(false);
  };
  return (
    <section className="room" aria-live="polite">
      <h2>{texts.roomTitle}</h2>
      {problem && (
        <p className="notice bad" role="alert">
          {problem}
        </p>
      )}
      {place ? (
        <>
          <PlaceView {...{ place, event, goIn, goAway }} again={() => void enter()} />
          <DrawCheck eventId={event.id} isDrawn={place.position !== null} />
        </>
      ) : (
        <>
          <p>{texts.roomHint}</p>
          <Button className="button primary" onPress={() => (session ? void enter() : setAsksWho(true))}>
            {texts.roomJoin}
          </Button>
        </>
      )}
      {asksWho && (
        <SignInDialog
          close={() => setAsksWho(false)}
          done={() => {
            setAsksWho(false);
            void enter();
          }}
        />
      )}
    </section>
  );
}

type PlaceProps = {
  readonly place: Place;
  readonly event: FullEvent;
  readonly goIn: (token: string, ticket: string) => void;
  readonly goAway: () => void;
  readonly again: () => void;
};

function PlaceView({ place, event, goIn, goAway, again }: PlaceProps) {
  const texts = useTexts();
  const { admission, state, ticket } = place;
  // A fan who is inside already, in this tab before a reload or in another one, continues without a press.
  useEffect(() => {
    if (state === 'INSIDE' && admission) goIn(admission.token, ticket);
  });
  if (state === 'WAITING')
    return (
      <>
        <Waiting place={place} event={event} />
        <Button className="button" onPress={goAway}>
          {texts.roomLeave}
        </Button>
      </>
    );
  if (state === 'YOUR_TURN' || state === 'INSIDE')
    return admission ? (
      <Turn expiresAt={admission.expiresAt} enter={() => goIn(admission.token, ticket)} />
    ) : (
      <p>{texts.roomFull}</p>
    );
  return (
    <>
      <p className="big">{state === 'MISSED' ? texts.roomMissed : texts.roomLeft}</p>
      <p>{texts.roomMissedHint}</p>
      <Button className="button primary" onPress={again}>
        {texts.roomJoin}
      </Button>
    </>
  );
}

function Waiting({ place, event }: { place: Place; event: FullEvent }) {
  const texts = useTexts();
  const formats = useFormats();
  const { ahead, estimate, position } = place;
  if (position === null) return <p>{fill(texts.roomBefore, formats.longDate(event.onSaleAt, event.venue.timeZone))}</p>;
  const minutes = estimate && Math.round(estimate.p50Seconds / 60);
  return (
    <>
      <p className="big">{ahead ? counted(texts.roomAhead, ahead) : texts.roomNext}</p>
      <p>
        {fill(texts.roomPosition, formats.number(position))}
        {minutes !== null && ` · ${minutes > 0 ? counted(texts.roomEstimate, minutes) : texts.roomSoon}`}
      </p>
      <p className="hint">{texts.roomStay}</p>
    </>
  );
}

function Turn({ expiresAt, enter }: { expiresAt: string; enter: () => void }) {
  const texts = useTexts();
  const formats = useFormats();
  const now = useNow();
  return (
    <>
      <p className="big">{texts.roomTurn}</p>
      <p aria-live="off">{fill(texts.roomTurnHint, formats.clock((Date.parse(expiresAt) - now) / 1000))}</p>
      <Button className="button primary" onPress={enter}>
        {texts.roomEnter}
      </Button>
    </>
  );
}
