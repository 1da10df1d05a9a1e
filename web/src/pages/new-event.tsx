import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { ChoiceBox, Form, Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { CREATE_EVENT, PLACES } from '../operations/events.ts';
import { AboutFields, RuleFields, TimeFields } from '../organize/event-fields.tsx';
import { EventImage } from '../organize/event-image.tsx';
import { EVENT_FIELDS, readValues } from '../organize/event-values.ts';
import { PageHead, SignedIn, Waiting } from '../organize/signed-in.tsx';
import { Empty, Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { NotFoundPage } from './not-found.tsx';

type Found = Extract<NonNullable<ResultOf<typeof PLACES>['node']>, { venues: unknown }>;
type Venue = Found['venues']['nodes'][number];

/** Makes a draft of an event. */
export function NewEventPage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.newEvent}>{() => <NewEvent />}</SignedIn>;
}

function NewEvent() {
  const { organizationId } = useParams({ from: '/organizer/organizations/$organizationId/new-event' });
  const texts = useOrganizerTexts();
  const [{ data, error }, again] = useQuery({
    query: PLACES,
    variables: { id: organizationId },
    requestPolicy: 'network-only',
  });
  const found = data?.node && 'venues' in data.node ? data.node : undefined;
  if (!found && error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!found) return data ? <NotFoundPage /> : <Waiting />;
  const venues = found.venues.nodes.filter(({ seatingPlans }) => seatingPlans.nodes.length > 0);
  return (
    <section className="column">
      <PageHead title={texts.newEvent}>
        <Link to="/organizer/organizations/$organizationId" params={{ organizationId }}>
          {found.name}
        </Link>
      </PageHead>
      {venues.length > 0 ? (
        <EventForm {...{ organizationId, venues }} />
      ) : (
        <Empty title={texts.noPlaces}>
          <p>{texts.noPlacesHint}</p>
          <Link to="/organizer/organizations/$organizationId" params={{ organizationId }} className="button">
            {texts.backToOrganization}
          </Link>
        </Empty>
      )}
    </section>
  );
}

function EventForm({ organizationId, venues }: { organizationId: string; venues: readonly Venue[] }) {
  const texts = useOrganizerTexts();
  const navigate = useNavigate();
  const [venueId, setVenueId] = useState(venues[0]?.id ?? '');
  const [imageUploadId, setImage] = useState<string>();
  const { run, isBusy, problems } = useAction(CREATE_EVENT);
  // The same form sent twice makes one draft.
  const key = useRef(crypto.randomUUID());
  const venue = venues.find(({ id }) => id === venueId);
  const timeZone = venue?.timeZone ?? 'UTC';
  const submit = async (given: FormData) => {
    const { startsAt = '', onSaleAt, offSaleAt, ...values } = readValues(given, timeZone);
    const input = {
      ...{ organizationId, venueId, startsAt, imageUploadId: imageUploadId ?? null, ...values },
      seatingPlanId: String(given.get('seatingPlanId')),
      onSaleAt: onSaleAt ?? '',
      offSaleAt: offSaleAt ?? '',
      idempotencyKey: key.current,
    };
    const { done, refused } = await run({ input });
    if (refused) key.current = crypto.randomUUID();
    if (done) await navigate({ to: '/organizer/events/$eventId/prices', params: { eventId: done.event.id } });
  };
  const now = new Date().toISOString();
  return (
    <Form className="paper form" problems={problems} submit={(given) => void submit(given)}>
      <fieldset>
        <legend>{texts.placeOf}</legend>
        <div className="pair">
          <ChoiceBox
            name="venueId"
            label={texts.venue}
            problem={problems.venueId}
            value={venueId}
            options={venues.map(({ id, name, city }) => [id, `${name}, ${city}`])}
            onChange={setVenueId}
          />
          <ChoiceBox
            key={venueId}
            name="seatingPlanId"
            label={texts.seatingPlan}
            problem={problems.seatingPlanId}
            options={plansOf(venue, texts.draft)}
          />
        </div>
      </fieldset>
      <AboutFields values={{}} problems={problems} />
      <TimeFields {...{ problems, timeZone }} key={timeZone} values={{ onSaleAt: now }} isPublished={false} />
      <RuleFields values={{}} problems={problems} />
      <EventImage {...{ organizationId, imageUrl: null, problem: problems.imageUploadId }} sent={setImage} />
      <Wrong texts={restOf(problems, EVENT_FIELDS)} />
      <button type="submit" className="button primary" disabled={isBusy}>
        {texts.createEvent}
      </button>
    </Form>
  );
}

/** The latest plan first, because it is the usual one. */
const plansOf = (venue: Venue | undefined, draft: string): (readonly [string, string])[] =>
  (venue?.seatingPlans.nodes ?? [])
    .toReversed()
    .map(({ id, name, status }) => [id, status === 'DRAFT' ? `${name} (${draft})` : name] as const);
