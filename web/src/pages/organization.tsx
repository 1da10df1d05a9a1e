import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useQuery } from 'urql';
import { ORGANIZATION } from '../operations/organizations.ts';
import { ORGANIZATION_EVENTS } from '../operations/organizer.ts';
import type { Role } from '../organize/role-names.ts';
import { PageHead, SignedIn, Waiting } from '../organize/signed-in.tsx';
import { useFormats } from '../parts/formats.ts';
import { ManagedBadge } from '../parts/managed-badge.tsx';
import { Rows } from '../parts/rows.tsx';
import { errorText, Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { counted } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

/** One organization: its events and venues, and the ways to make more of them. */
export function OrganizationPage() {
  const { organizationId: id } = useParams({ from: '/organizer/organizations/$organizationId' });
  return <SignedIn title={undefined}>{() => <Organization id={id} />}</SignedIn>;
}

function Organization({ id }: { id: string }) {
  const texts = useOrganizerTexts();
  const [{ data, error }, again] = useQuery({
    query: ORGANIZATION,
    variables: { id },
    requestPolicy: 'cache-and-network',
  });
  const found = data?.node && 'venues' in data.node ? data.node : undefined;
  if (!found && error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!found) return data ? <NotFoundPage /> : <Waiting />;
  const { name, viewerRole, venues } = found;
  const keeps = viewerRole === 'OWNER' || viewerRole === 'MANAGER';
  const params = { organizationId: id };
  return (
    <section className="column wide">
      <PageHead title={name} end={<span className="badge">{viewerRole && texts[`role${viewerRole}`]}</span>}>
        <Link to="/organizer">{texts.organize}</Link>
      </PageHead>
      <section className="paper">
        <div className="paper-head">
          <h2>{texts.events}</h2>
          {keeps && venues.nodes.length > 0 && (
            <Link to="/organizer/organizations/$organizationId/new-event" params={params} className="button primary">
              {texts.newEvent}
            </Link>
          )}
        </div>
        {venues.nodes.length === 0 && <p className="hint">{texts.firstAVenue}</p>}
        <Events id={id} />
      </section>
      <section className="paper">
        <div className="paper-head">
          <h2>{texts.venues}</h2>
          {keeps && (
            <Link to="/organizer/organizations/$organizationId/new-venue" params={params} className="button">
              {texts.newVenue}
            </Link>
          )}
        </div>
        {venues.nodes.length === 0 && <p className="hint">{texts.noVenues}</p>}
        <Venues organizationId={id} venues={venues.nodes} />
      </section>
      <OfRole {...{ viewerRole, params }} />
    </section>
  );
}

type OfRoleProps = { viewerRole: Role | null; params: { organizationId: string } };

/** The pages that only some roles can use. */
function OfRole({ viewerRole, params }: OfRoleProps) {
  const texts = useOrganizerTexts();
  return (
    <>
      {(viewerRole === 'OWNER' || viewerRole === 'FINANCE') && (
        <Link to="/organizer/organizations/$organizationId/statements" params={params} className="row">
          <span className="row-text">
            <strong>{texts.statements}</strong>
            <span>{texts.statementsHint}</span>
          </span>
        </Link>
      )}
      {viewerRole === 'OWNER' && (
        <Link to="/organizer/organizations/$organizationId/people" params={params} className="row">
          <span className="row-text">
            <strong>{texts.people}</strong>
            <span>{texts.peopleHint}</span>
          </span>
        </Link>
      )}
    </>
  );
}

type Venue = { id: string; name: string; city: string; countryCode: string; capacity: number };

function Venues({ venues, organizationId }: { venues: readonly Venue[]; organizationId: string }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  return (
    <ul className="rows">
      {venues.map(({ id, name, city, countryCode, capacity }) => (
        <li key={id}>
          <Link
            to="/organizer/organizations/$organizationId/venues/$venueId"
            params={{ organizationId, venueId: id }}
            className="row"
          >
            <span className="row-text">
              <strong>{name}</strong>
              <span>
                {city}, {formats.country(countryCode)}
              </span>
            </span>
            <span className={capacity > 0 ? 'badge' : 'badge warn'}>
              {capacity > 0 ? counted(texts.seatCount, capacity) : texts.noPlanYet}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Events({ id }: { id: string }) {
  const texts = useOrganizerTexts();
  const [after, setAfter] = useState<string | null>(null);
  const variables = { id, after };
  const [{ data, error, fetching }] = useQuery({
    query: ORGANIZATION_EVENTS,
    variables,
    requestPolicy: 'cache-and-network',
  });
  const found = data?.node && 'events' in data.node ? data.node.events : undefined;
  const next = found?.pageInfo.hasNextPage ? found.pageInfo.endCursor : null;
  return (
    <>
      {error && <p className="notice bad">{errorText(texts, error)}</p>}
      {fetching && !found && <Waiting />}
      {found?.nodes.length === 0 && <p className="hint">{texts.organizeNoEvents}</p>}
      <Rows items={found?.nodes ?? []} next={next} onMore={setAfter}>
        {(event) => <EventRow event={event} />}
      </Rows>
    </>
  );
}

type RowEvent = Parameters<typeof ManagedBadge>[0]['event'] & {
  id: string;
  title: string;
  startsAt: string;
  venue: { name: string; city: string; timeZone: string };
};

function EventRow({ event }: { event: RowEvent }) {
  const formats = useFormats();
  return (
    <Link to="/organizer/events/$eventId" params={{ eventId: event.id }} className="row">
      <span className="row-text">
        <strong>{event.title}</strong>
        <span>
          {formats.longDate(event.startsAt, event.venue.timeZone)} · {event.venue.name}, {event.venue.city}
        </span>
      </span>
      <ManagedBadge event={event} />
    </Link>
  );
}
