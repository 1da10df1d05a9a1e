import { useState } from 'react';
import { Button } from 'react-aria-components';
import { useMutation, useSubscription } from 'urql';
import { END_ROOM, OPEN_ROOM, PAUSE_ROOM, ROOM_STATS } from '../operations/organizer.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { useFormats } from './formats.ts';
import { errorText, refusalText } from './states.tsx';

type Room = { readonly state: string; readonly paused: boolean; readonly capacity: number };

/** The waiting room as it is now, and what its organizer can do about it. */
export function RoomControls({ eventId, room }: { eventId: string; room: Room }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const [{ data }] = useSubscription({ query: ROOM_STATS, variables: { eventId } });
  const stats = data?.waitingRoomStats;
  const { state, paused, capacity } = stats ?? room;
  const { problem, act } = useRoomActions(eventId);
  const figures = [
    [texts.roomWaiting, stats?.waiting],
    [texts.roomInside, stats?.inside],
    [texts.roomCapacity, capacity],
    [texts.roomPerMinute, stats && Math.round(stats.admittedPerMinute)],
    [texts.roomMissedTurns, stats?.missed],
  ] as const;
  return (
    <section className="paper">
      <h2>{texts.waitingRoom}</h2>
      <dl className="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value === undefined ? '…' : formats.number(value)}</dd>
          </div>
        ))}
      </dl>
      {problem && (
        <p className="notice bad" role="alert">
          {problem}
        </p>
      )}
      <div className="actions">
        {(state === 'CLOSED' || state === 'ENDED' || paused) && (
          <Button className="button" onPress={() => void act('open')}>
            {paused ? texts.roomContinue : texts.roomOpenNow}
          </Button>
        )}
        {(state === 'OPEN' || state === 'DRAWN') && !paused && (
          <Button className="button" onPress={() => void act('pause')}>
            {texts.roomPause}
          </Button>
        )}
        {(state === 'OPEN' || state === 'DRAWN') && (
          <Button className="button" onPress={() => void act('end')}>
            {texts.roomEnd}
          </Button>
        )}
      </div>
    </section>
  );
}

function useRoomActions(eventId: string) {
  const texts = useOrganizerTexts();
  const [problem, setProblem] = useState('');
  const [, open] = useMutation(OPEN_ROOM);
  const [, pause] = useMutation(PAUSE_ROOM);
  const [, end] = useMutation(END_ROOM);
  const act = async (change: 'open' | 'pause' | 'end') => {
    const { data, error } = await { open, pause, end }[change]({ input: { eventId } });
    const result = data && Object.values(data).find((one) => typeof one === 'object');
    if (error) setProblem(errorText(texts, error));
    else setProblem(result && 'code' in result ? refusalText(texts, result) : '');
  };
  return { problem, act };
}
