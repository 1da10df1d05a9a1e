import type { ReactNode } from 'react';
import { useQuery } from 'urql';
import { EVENT_SEATS } from '../operations/sales.ts';
import { NotFoundPage } from '../pages/not-found.tsx';
import { Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { EventNav } from './event-nav.tsx';
import { type Layout, useLayout } from './layouts.ts';
import type { PricedEvent } from './price-draft.ts';
import { SignedIn, Waiting } from './signed-in.tsx';

type Props = {
  readonly eventId: string;
  readonly title: string;
  readonly children: (found: { event: PricedEvent; layout: Layout }) => ReactNode;
};

/** A page about the seats of an event, once the event and its plan are there. */
export function SeatsPage({ eventId, title, children }: Props) {
  return <SignedIn title={title}>{() => <Found {...{ eventId, title, children }} />}</SignedIn>;
}

function Found({ eventId: id, children }: Props) {
  const texts = useOrganizerTexts();
  const variables = { id };
  const [{ data, error }, again] = useQuery({ query: EVENT_SEATS, variables, requestPolicy: 'cache-and-network' });
  const event = data?.event;
  const { layout, isFailed } = useLayout(event?.seatingPlan.layout);
  if (!event && error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!event?.organization?.viewerRole) return data ? <NotFoundPage /> : <Waiting />;
  return (
    <section className="column wide">
      <EventNav event={event} />
      {isFailed && <p className="notice bad">{texts.failedNetwork}</p>}
      {layout ? children({ event, layout }) : !isFailed && <Waiting />}
    </section>
  );
}
