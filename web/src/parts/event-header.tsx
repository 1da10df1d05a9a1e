import { fill, useTexts } from '../texts/texts.ts';
import { SaleBadge } from './event-card.tsx';
import type { FullEvent } from './event-types.ts';
import { useFormats } from './formats.ts';
import { Icon } from './icons.tsx';

/** What, when and where. */
export function EventHeader({ event }: { event: FullEvent }) {
  const texts = useTexts();
  const formats = useFormats();
  const { venue } = event;
  return (
    <header className="event-head">
      <div>
        <h1>{event.title}</h1>
        <p className="facts">
          <span>
            <Icon name="calendar" />
            <time dateTime={event.startsAt} title={texts.venueTime}>
              {formats.longDate(event.startsAt, venue.timeZone)}
            </time>
            {event.doorsAt && ` · ${fill(texts.doors, formats.time(event.doorsAt, venue.timeZone))}`}
          </span>
          <span>
            <Icon name="pin" />
            {venue.name}, {venue.city}, {formats.country(venue.countryCode)}
          </span>
        </p>
        {event.previousStartsAt && (
          <p className="hint">{fill(texts.moved, formats.longDate(event.previousStartsAt, venue.timeZone))}</p>
        )}
      </div>
      <SaleBadge event={event} texts={texts} />
    </header>
  );
}
