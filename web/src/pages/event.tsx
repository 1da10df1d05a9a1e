import { useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useQuery, useSubscription } from 'urql';
import { passesOf, showEvent } from '../api/admissions.ts';
import { EVENT, EVENT_CHANGED } from '../operations/fan.ts';
import { EventHeader } from '../parts/event-header.tsx';
import type { FullEvent } from '../parts/event-types.ts';
import { useFormats } from '../parts/formats.ts';
import { SeatChoice } from '../parts/seat-choice.tsx';
import { Empty, Failure, HomeLink } from '../parts/states.tsx';
import { WaitingRoom } from '../parts/waiting-room.tsx';
import { fill, useTexts } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

/** One event: what it is, its live seat map, or the waiting room in front of it. */
export function EventPage() {
  const { eventId } = useParams({ from: '/events/$eventId' });
  const [{ data, error, fetching }, again] = useQuery({ query: EVENT, variables: { id: eventId } });
  // The cache brings what is pushed into the query above.
  useSubscription({ query: EVENT_CHANGED, variables: { id: eventId } });
  useEffect(() => {
    showEvent(eventId);
    return () => showEvent(undefined);
  }, [eventId]);
  const event = data?.event;
  useEffect(() => {
    if (event) document.title = `${event.title} · Frontrow`;
  }, [event]);
  if (event) return <Event event={event} />;
  if (error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!fetching && data) return <NotFoundPage />;
  return <div className="event skeleton" aria-busy="true" />;
}

function Event({ event }: { event: FullEvent }) {
  return (
    <article className="event">
      <JsonLd event={event} />
      <EventHeader event={event} />
      <Sale event={event} />
    </article>
  );
}

const isOpen = ({ waitingRoom }: FullEvent): boolean =>
  waitingRoom !== null && (waitingRoom.state === 'OPEN' || waitingRoom.state === 'DRAWN');

function Sale({ event }: { event: FullEvent }) {
  const texts = useTexts();
  const formats = useFormats();
  const [isAdmitted, setAdmitted] = useState(() => passesOf(event.id).admission !== undefined);
  const { saleStatus } = event;
  if (saleStatus === 'ON_SALE' && isOpen(event) && !isAdmitted)
    return <WaitingRoom event={event} admitted={() => setAdmitted(true)} />;
  if (saleStatus === 'ON_SALE' || saleStatus === 'SOLD_OUT')
    return <SeatChoice event={event} refused={({ code }) => code === 'ADMISSION_REQUIRED' && setAdmitted(false)} />;
  const opens =
    saleStatus === 'SCHEDULED' ? fill(texts.opens, formats.longDate(event.onSaleAt, event.venue.timeZone)) : '';
  const titles = { SCHEDULED: opens, CANCELLED: texts.cancelled, ENDED: texts.ended };
  return (
    <Empty title={titles[saleStatus]}>
      <p>{texts.notOnSale}</p>
      <HomeLink />
    </Empty>
  );
}

/** For search engines: schema.org's words for an event with its offers. */
function JsonLd({ event }: { event: FullEvent }) {
  const { venue, priceFrom } = event;
  const about = {
    '@context': 'https://schema.org',
    '@type': event.category === 'SPORT' ? 'SportsEvent' : 'Event',
    name: event.title,
    description: event.description,
    startDate: event.startsAt,
    ...(event.endsAt && { endDate: event.endsAt }),
    ...(event.imageUrl && { image: new URL(event.imageUrl, location.href).href }),
    eventStatus: `https://schema.org/Event${event.status === 'CANCELLED' ? 'Cancelled' : 'Scheduled'}`,
    performer: event.performers.map((name) => ({ '@type': 'PerformingGroup', name })),
    location: {
      '@type': 'Place',
      name: venue.name,
      address: { '@type': 'PostalAddress', addressLocality: venue.city, addressCountry: venue.countryCode },
      geo: { '@type': 'GeoCoordinates', ...venue.location },
    },
    ...(priceFrom && {
      offers: {
        '@type': 'AggregateOffer',
        lowPrice: priceFrom.amountMinor / 10 ** priceFrom.decimals,
        priceCurrency: priceFrom.currency,
        url: location.href,
      },
    }),
  };
  return <script type="application/ld+json">{JSON.stringify(about).replaceAll('<', '\\u003c')}</script>;
}
