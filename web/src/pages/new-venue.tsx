import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useAction } from '../forms/use-action.ts';
import { CREATE_VENUE } from '../operations/venues.ts';
import { PageHead, SignedIn } from '../organize/signed-in.tsx';
import { VenueForm, type VenueValues } from '../organize/venue-form.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';

/** Makes a venue, then shows it, because it needs a seating plan next. */
export function NewVenuePage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.newVenue}>{() => <NewVenue />}</SignedIn>;
}

function NewVenue() {
  const { organizationId } = useParams({ from: '/organizer/organizations/$organizationId/new-venue' });
  const texts = useOrganizerTexts();
  const navigate = useNavigate();
  const { run, isBusy, problems } = useAction(CREATE_VENUE);
  const save = async (values: VenueValues) => {
    const { done } = await run({ input: { organizationId, ...values } });
    if (done)
      await navigate({
        to: '/organizer/organizations/$organizationId/venues/$venueId',
        params: { organizationId, venueId: done.venue.id },
      });
  };
  return (
    <section className="column">
      <PageHead title={texts.newVenue}>
        <Link to="/organizer/organizations/$organizationId" params={{ organizationId }}>
          {texts.backToOrganization}
        </Link>
      </PageHead>
      <VenueForm {...{ problems, isBusy }} button={texts.createVenue} save={(values) => void save(values)} />
    </section>
  );
}
