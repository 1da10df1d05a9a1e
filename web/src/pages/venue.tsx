import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { useAction } from '../forms/use-action.ts';
import { UPDATE_VENUE, VENUE_WITH_PLANS } from '../operations/venues.ts';
import { PlanImport } from '../organize/plan-import.tsx';
import { PageHead, SignedIn, Waiting } from '../organize/signed-in.tsx';
import { VenueForm, type VenueValues } from '../organize/venue-form.tsx';
import { Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { counted } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

type Found = NonNullable<ResultOf<typeof VENUE_WITH_PLANS>['venue']>;

/** One venue: what it is, and its seating plans. */
export function VenuePage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.venues}>{() => <Venue />}</SignedIn>;
}

function Venue() {
  const { venueId: id } = useParams({ from: '/organizer/organizations/$organizationId/venues/$venueId' });
  const [{ data, error }, again] = useQuery({
    query: VENUE_WITH_PLANS,
    variables: { id },
    requestPolicy: 'cache-and-network',
  });
  const refresh = () => again({ requestPolicy: 'network-only' });
  if (data?.venue) return <Details venue={data.venue} refresh={refresh} />;
  if (error) return <Failure error={error} retry={refresh} />;
  return data ? <NotFoundPage /> : <Waiting />;
}

function Details({ venue, refresh }: { venue: Found; refresh: () => void }) {
  const texts = useOrganizerTexts();
  const { organizationId } = useParams({ from: '/organizer/organizations/$organizationId/venues/$venueId' });
  const [isSaved, setSaved] = useState(false);
  const { run, isBusy, problems } = useAction(UPDATE_VENUE);
  const save = async (values: VenueValues) => {
    setSaved(false);
    const { done } = await run({ input: { venueId: venue.id, ...values } });
    setSaved(done !== undefined);
  };
  return (
    <section className="column">
      <PageHead title={venue.name}>
        <Link to="/organizer/organizations/$organizationId" params={{ organizationId }}>
          {texts.backToOrganization}
        </Link>
      </PageHead>
      <section className="paper">
        <h2>{texts.seatingPlans}</h2>
        {venue.seatingPlans.nodes.length === 0 && <p className="hint">{texts.noPlans}</p>}
        <ul className="rows">
          {venue.seatingPlans.nodes.map((plan) => (
            <li key={plan.id}>
              <PlanRow {...{ plan, organizationId }} />
            </li>
          ))}
        </ul>
      </section>
      <PlanImport {...{ organizationId, venueId: venue.id }} done={refresh} />
      <VenueForm {...{ venue, problems, isBusy }} button={texts.save} save={(values) => void save(values)} />
      {isSaved && (
        <p className="notice good" role="status">
          {texts.saved}
        </p>
      )}
    </section>
  );
}

type RowProps = { plan: Found['seatingPlans']['nodes'][number]; organizationId: string };

function PlanRow({ plan, organizationId }: RowProps) {
  const texts = useOrganizerTexts();
  const isDraft = plan.status === 'DRAFT';
  return (
    <Link
      to="/organizer/organizations/$organizationId/plans/$planId"
      params={{ organizationId, planId: plan.id }}
      className="row"
    >
      <span className="row-text">
        <strong>{plan.name}</strong>
        <span>{counted(texts.seatCount, plan.seatCount)}</span>
      </span>
      <span className={isDraft ? 'badge warn' : 'badge good'}>{isDraft ? texts.draft : texts.published}</span>
    </Link>
  );
}
