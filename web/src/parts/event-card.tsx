import { Link } from '@tanstack/react-router';
import type { ResultOf } from '../api/graphql.ts';
import type { SEARCH } from '../operations/search.ts';
import type { Texts } from '../texts/en.ts';
import { fill, useTexts } from '../texts/texts.ts';
import { Cover } from './cover.tsx';
import { useFormats } from './formats.ts';

export type CardEvent = ResultOf<typeof SEARCH>['searchEvents']['nodes'][number];

export function EventCard({ event }: { event: CardEvent }) {
  const formats = useFormats();
  const texts = useTexts();
  const { venue } = event;
  return (
    <Link to="/events/$eventId" params={{ eventId: event.id }} className="card">
      <Cover {...event} />
      <span className="card-date">
        <b>{formats.day(event.startsAt, venue.timeZone)}</b>
        {formats.month(event.startsAt, venue.timeZone)}
      </span>
      <span className="card-text">
        <strong>{event.title}</strong>
        <span>
          {venue.name}, {venue.city}
        </span>
        <span>{formats.dateTime(event.startsAt, venue.timeZone)}</span>
        <span className="card-foot">
          {event.priceFrom && <b>{fill(texts.from, formats.money(event.priceFrom))}</b>}
          <SaleBadge event={event} texts={texts} />
        </span>
      </span>
    </Link>
  );
}

type Sale = Pick<CardEvent, 'saleStatus' | 'salesPaused' | 'waitingRoom'>;

function badgeOf({ saleStatus, salesPaused, waitingRoom }: Sale, texts: Texts): readonly [kind: string, text: string] {
  if (saleStatus === 'SOLD_OUT') return ['bad', texts.soldOut];
  if (saleStatus === 'CANCELLED') return ['bad', texts.cancelled];
  if (saleStatus === 'ENDED') return ['quiet', texts.ended];
  if (salesPaused) return ['warn', texts.paused];
  if (saleStatus === 'SCHEDULED') return ['quiet', texts.notOnSale];
  if (waitingRoom && (waitingRoom.state === 'OPEN' || waitingRoom.state === 'DRAWN'))
    return ['warn', texts.waitingRoom];
  return ['good', texts.onSale];
}

export function SaleBadge({ event, texts }: { event: Sale; texts: Texts }) {
  const [kind, text] = badgeOf(event, texts);
  return <span className={`badge ${kind}`}>{text}</span>;
}
