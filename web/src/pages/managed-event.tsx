import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { useMutation, useQuery, useSubscription } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import {
  MANAGED_EVENT,
  MANAGED_EVENT_CHANGED,
  PAUSE,
  PUBLISH,
  RESUME,
  SALES_CHANGED,
} from '../operations/organizer.ts';
import { useFormats } from '../parts/formats.ts';
import { ManagedBadge } from '../parts/managed-badge.tsx';
import { RoomControls } from '../parts/room-controls.tsx';
import { SalesFigures } from '../parts/sales-figures.tsx';
import { SeatMap } from '../parts/seat-map.tsx';
import { useSession } from '../parts/shell.tsx';
import { Empty, errorText, Failure, refusalText } from '../parts/states.tsx';
import { useTexts } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

type Managed = NonNullable<ResultOf<typeof MANAGED_EVENT>['event']>;

/** The sale of one event as it happens: figures, map, waiting room. */
export function ManagedEventPage() {
  const { eventId } = useParams({ from: '/organizer/events/$eventId' });
  const texts = useTexts();
  const session = useSession();
  const variables = { id: eventId };
  const [{ data, error, fetching }, again] = useQuery({ query: MANAGED_EVENT, variables, pause: !session });
  useSubscription({ query: MANAGED_EVENT_CHANGED, variables, pause: !session });
  const event = data?.event;
  useEffect(() => {
    document.title = `${event?.title ?? texts.organize} · Frontrow`;
  }, [event, texts]);
  if (!session)
    return (
      <Empty title={texts.organizeSignIn} level={1}>
        <Link to="/sign-in" search={{ to: `/organizer/events/${eventId}` }} className="button primary">
          {texts.signIn}
        </Link>
      </Empty>
    );
  if (event?.organization?.viewerRole) return <Dashboard event={event} />;
  if (error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!fetching && data) return <NotFoundPage />;
  return <div className="event skeleton" aria-busy="true" />;
}

function Dashboard({ event }: { event: Managed }) {
  const texts = useTexts();
  const formats = useFormats();
  const [{ data }] = useSubscription({ query: SALES_CHANGED, variables: { id: event.id } });
  const sales = data?.eventSalesChanged ?? event.sales;
  const isRunning = event.status === 'PUBLISHED' && event.saleStatus !== 'ENDED';
  return (
    <article className="event">
      <header className="event-head">
        <div>
          <p className="hint">
            <Link to="/organizer">{event.organization?.name}</Link>
          </p>
          <h1>{event.title}</h1>
          <p className="facts">
            <span>{formats.longDate(event.startsAt, event.venue.timeZone)}</span>
            <span>
              {event.venue.name}, {event.venue.city}
            </span>
          </p>
        </div>
        <ManagedBadge event={event} />
      </header>
      <Actions event={event} />
      <SalesFigures sales={sales} availability={event.availability} />
      {event.waitingRoom && isRunning && <RoomControls eventId={event.id} room={event.waitingRoom} />}
      {event.waitingRoom === null && event.status !== 'DRAFT' && (
        <section className="paper">
          <h2>{texts.liveMap}</h2>
          <SeatMap
            eventId={event.id}
            most={0}
            ready={() => undefined}
            chosen={() => undefined}
            pressedSection={() => undefined}
            refused={() => undefined}
          />
        </section>
      )}
    </article>
  );
}

/** What the state of the event allows: publish a draft, pause and continue a sale. */
function Actions({ event }: { event: Managed }) {
  const texts = useTexts();
  const [problems, setProblems] = useState<readonly string[]>([]);
  const [, publish] = useMutation(PUBLISH);
  const [, pause] = useMutation(PAUSE);
  const [, resume] = useMutation(RESUME);
  const input = { eventId: event.id };
  const act = async (change: 'publish' | 'pause' | 'resume') => {
    const answers = {
      publish: async () => {
        const { data, error } = await publish({ input });
        return { result: data?.publishEvent, error };
      },
      pause: async () => {
        const { data, error } = await pause({ input });
        return { result: data?.pauseSales, error };
      },
      resume: async () => {
        const { data, error } = await resume({ input });
        return { result: data?.resumeSales, error };
      },
    };
    const { result, error } = await answers[change]();
    if (error) setProblems([errorText(texts, error)]);
    else if (result && 'problems' in result) setProblems(result.problems.map(({ message }) => message));
    else setProblems(result && 'code' in result ? [refusalText(texts, result)] : []);
  };
  return (
    <div className="actions">
      {event.status === 'DRAFT' && (
        <Button className="button primary" onPress={() => void act('publish')}>
          {texts.publish}
        </Button>
      )}
      {event.status === 'PUBLISHED' && !event.salesPaused && event.saleStatus === 'ON_SALE' && (
        <Button className="button" onPress={() => void act('pause')}>
          {texts.pauseSales}
        </Button>
      )}
      {event.salesPaused && (
        <Button className="button primary" onPress={() => void act('resume')}>
          {texts.resumeSales}
        </Button>
      )}
      {event.status !== 'DRAFT' && (
        <Link to="/events/$eventId" params={{ eventId: event.id }} className="button">
          {texts.asFansSee}
        </Link>
      )}
      {problems.length > 0 && (
        <ul className="notice bad" role="alert">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
