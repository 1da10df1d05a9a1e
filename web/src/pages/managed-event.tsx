import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
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
import { EventNav } from '../organize/event-nav.tsx';
import { ExportLinks } from '../organize/export-links.tsx';
import { PublishProblems } from '../organize/publish-problems.tsx';
import { SignedIn } from '../organize/signed-in.tsx';
import { useFormats } from '../parts/formats.ts';
import { ManagedBadge } from '../parts/managed-badge.tsx';
import { RoomControls } from '../parts/room-controls.tsx';
import { SalesFigures } from '../parts/sales-figures.tsx';
import { SeatMap } from '../parts/seat-map.tsx';
import { errorText, Failure, refusalText } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { NotFoundPage } from './not-found.tsx';

type Managed = NonNullable<ResultOf<typeof MANAGED_EVENT>['event']>;
type Problem = { readonly field: string; readonly message: string };

/** The sale of one event as it happens: figures, map, waiting room. */
export function ManagedEventPage() {
  const { eventId } = useParams({ from: '/organizer/events/$eventId' });
  return <SignedIn title={undefined}>{() => <Found eventId={eventId} />}</SignedIn>;
}

function Found({ eventId }: { eventId: string }) {
  const variables = { id: eventId };
  const [{ data, error, fetching }, again] = useQuery({ query: MANAGED_EVENT, variables });
  useSubscription({ query: MANAGED_EVENT_CHANGED, variables });
  const event = data?.event;
  if (event?.organization?.viewerRole) return <Dashboard event={event} />;
  if (error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!fetching && data) return <NotFoundPage />;
  return <div className="event skeleton" aria-busy="true" />;
}

function Dashboard({ event }: { event: Managed }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const [{ data }] = useSubscription({ query: SALES_CHANGED, variables: { id: event.id } });
  const sales = data?.eventSalesChanged ?? event.sales;
  const isRunning = event.status === 'PUBLISHED' && event.saleStatus !== 'ENDED';
  const role = event.organization?.viewerRole;
  return (
    <article className="event">
      <header className="event-head">
        <div>
          <p className="hint trail">
            <Link
              to="/organizer/organizations/$organizationId"
              params={{ organizationId: event.organization?.id ?? '' }}
            >
              {event.organization?.name}
            </Link>
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
      <EventNav event={event} current={false} />
      <Actions event={event} />
      <SalesFigures sales={sales} availability={event.availability} />
      {event.waitingRoom && isRunning && <RoomControls eventId={event.id} room={event.waitingRoom} />}
      {(role === 'OWNER' || role === 'MANAGER' || role === 'FINANCE') && event.status !== 'DRAFT' && (
        <ExportLinks eventId={event.id} />
      )}
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

/** Publishes a draft, pauses and continues a sale. Returns what keeps the event from it. */
function useSale(eventId: string) {
  const texts = useOrganizerTexts();
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [, publish] = useMutation(PUBLISH);
  const [, pause] = useMutation(PAUSE);
  const [, resume] = useMutation(RESUME);
  const whole = (message: string): Problem[] => [{ field: '', message }];
  const act = async (change: 'publish' | 'pause' | 'resume') => {
    const { data, error } = await { publish, pause, resume }[change]({ input: { eventId } });
    const result = data && Object.values(data).find((one) => typeof one === 'object');
    if (error) setProblems(whole(errorText(texts, error)));
    else if (result && 'problems' in result) setProblems(result.problems);
    else setProblems(result && 'code' in result ? whole(refusalText(texts, result)) : []);
  };
  return { problems, act };
}

/** What the state of the event allows. */
function Actions({ event }: { event: Managed }) {
  const texts = useOrganizerTexts();
  const { problems, act } = useSale(event.id);
  const isPublished = event.status === 'PUBLISHED';
  return (
    <div className="actions">
      {event.status === 'DRAFT' && (
        <button type="button" className="button primary" onClick={() => void act('publish')}>
          {texts.publish}
        </button>
      )}
      {isPublished && !event.salesPaused && event.saleStatus === 'ON_SALE' && (
        <button type="button" className="button" onClick={() => void act('pause')}>
          {texts.pauseSales}
        </button>
      )}
      {event.salesPaused && (
        <button type="button" className="button primary" onClick={() => void act('resume')}>
          {texts.resumeSales}
        </button>
      )}
      {event.status !== 'DRAFT' && (
        <Link to="/events/$eventId" params={{ eventId: event.id }} className="button">
          {texts.asFansSee}
        </Link>
      )}
      <PublishProblems eventId={event.id} problems={problems} />
    </div>
  );
}
