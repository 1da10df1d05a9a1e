import { Link } from '@tanstack/react-router';
import { useOrganizerTexts } from '../texts/organizer.ts';
import type { Role } from './role-names.ts';

/** On a phone the link of the page that is open may be beyond the edge. */
const showActive = (nav: HTMLElement | null): void => {
  const active = nav?.querySelector('[data-status="active"]');
  active?.scrollIntoView({ block: 'nearest', inline: 'center' });
};

type Shown = {
  readonly id: string;
  readonly title: string;
  readonly organization: { id: string; name: string; viewerRole: Role | null } | null;
};

/** The title of an event, and the way to each page about it that the role of the viewer can use. */
export function EventNav({ event, current = true }: { event: Shown; current?: boolean }) {
  const texts = useOrganizerTexts();
  const role = event.organization?.viewerRole;
  const keeps = role === 'OWNER' || role === 'MANAGER';
  const params = { eventId: event.id };
  return (
    <>
      {current && (
        <div>
          {event.organization && (
            <p className="hint trail">
              <Link to="/organizer/organizations/$organizationId" params={{ organizationId: event.organization.id }}>
                {event.organization.name}
              </Link>
            </p>
          )}
          <h1>{event.title}</h1>
        </div>
      )}
      <nav className="subnav" aria-label={event.title} ref={showActive}>
        <Link to="/organizer/events/$eventId" params={params} activeOptions={{ exact: true }}>
          {texts.dashboard}
        </Link>
        {keeps && (
          <>
            <Link to="/organizer/events/$eventId/edit" params={params}>
              {texts.editEvent}
            </Link>
            <Link to="/organizer/events/$eventId/prices" params={params}>
              {texts.prices}
            </Link>
            <Link to="/organizer/events/$eventId/allocations" params={params}>
              {texts.allocations}
            </Link>
          </>
        )}
        {(keeps || role === 'BOX_OFFICE') && (
          <Link to="/organizer/events/$eventId/box-office" params={params}>
            {texts.roleBOX_OFFICE}
          </Link>
        )}
        {(keeps || role === 'FINANCE') && (
          <Link to="/organizer/events/$eventId/bookings" params={params}>
            {texts.eventBookings}
          </Link>
        )}
        {keeps && (
          <Link to="/organizer/events/$eventId/cancel" params={params}>
            {texts.cancelEvent}
          </Link>
        )}
      </nav>
    </>
  );
}
