import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useQuery, useSubscription } from 'urql';
import { Form, Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { EVENT_FORM, UPDATE_EVENT } from '../operations/events.ts';
import { MANAGED_EVENT_CHANGED } from '../operations/organizer.ts';
import { AboutFields, RuleFields, TimeFields } from '../organize/event-fields.tsx';
import { EventImage } from '../organize/event-image.tsx';
import { EventNav } from '../organize/event-nav.tsx';
import {
  changesOf,
  EVENT_FIELDS,
  type EventValues,
  type FormEvent,
  readValues,
  valuesOf,
} from '../organize/event-values.ts';
import { Reschedule } from '../organize/reschedule.tsx';
import { Series } from '../organize/series.tsx';
import { SignedIn, Waiting } from '../organize/signed-in.tsx';
import { Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { NotFoundPage } from './not-found.tsx';

/** Changes an event, moves it, or makes a series of it. */
export function EditEventPage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.editEvent}>{() => <EditEvent />}</SignedIn>;
}

function EditEvent() {
  const { eventId: id } = useParams({ from: '/organizer/events/$eventId/edit' });
  const variables = { id };
  const [{ data, error }, again] = useQuery({ query: EVENT_FORM, variables, requestPolicy: 'network-only' });
  useSubscription({ query: MANAGED_EVENT_CHANGED, variables });
  const event = data?.event;
  if (!event && error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!event?.organization?.viewerRole) return data ? <NotFoundPage /> : <Waiting />;
  return (
    <section className="column">
      <EventNav event={event} />
      <EventForm event={event} />
      {event.status !== 'DRAFT' && event.status !== 'CANCELLED' && <Reschedule event={event} />}
      <Series event={event} />
    </section>
  );
}

/** `base`: the event that the form shows, whose revision it saves over. */
function EventForm({ event }: { event: FormEvent }) {
  const texts = useOrganizerTexts();
  const [base, setBase] = useState(event);
  const [theirs, setTheirs] = useState<FormEvent>();
  const [mine, setMine] = useState<Partial<EventValues>>({});
  const [isSaved, setSaved] = useState(false);
  const [imageUploadId, setImage] = useState<string>();
  const { run, isBusy, problems, setProblems } = useAction(UPDATE_EVENT);
  const save = async (changes: Partial<EventValues>, revision: number) => {
    setSaved(false);
    setMine(changes);
    const { onSaleAt, offSaleAt, ...rest } = changes;
    const input = {
      ...{ eventId: event.id, revision, ...rest, ...(imageUploadId && { imageUploadId }) },
      ...(onSaleAt && { onSaleAt }),
      ...(offSaleAt && { offSaleAt }),
    };
    const { done, refused } = await run({ input });
    if (done) {
      setBase({ ...base, ...done.event });
      setTheirs(undefined);
      setSaved(true);
    } else if (refused && 'event' in refused) {
      setProblems({});
      setTheirs({ ...base, ...refused.event });
    }
  };
  const values = valuesOf(base);
  const takeTheirs = () => {
    if (theirs) setBase(theirs);
    setTheirs(undefined);
  };
  return (
    <Form
      // Another base is another form.
      key={base.revision}
      className="paper form"
      problems={problems}
      submit={(given) => void save(changesOf(values, readValues(given, base.venue.timeZone)), base.revision ?? 0)}
    >
      <AboutFields {...{ values, problems }} />
      <TimeFields {...{ values, problems }} timeZone={base.venue.timeZone} isPublished={base.status !== 'DRAFT'} />
      <RuleFields {...{ values, problems }} />
      <EventImage
        organizationId={base.organization?.id ?? ''}
        imageUrl={base.imageUrl}
        problem={problems.imageUploadId}
        sent={setImage}
      />
      <Wrong texts={restOf(problems, EVENT_FIELDS)} />
      {theirs && (
        <SavedMeanwhile
          {...{ base, theirs, mine, takeTheirs }}
          saveMine={() => void save(mine, theirs.revision ?? 0)}
        />
      )}
      {isSaved && (
        <p className="notice good" role="status">
          {texts.saved}
        </p>
      )}
      <button type="submit" className="button primary" disabled={isBusy}>
        {texts.save}
      </button>
    </Form>
  );
}

type Meanwhile = {
  readonly base: FormEvent;
  readonly theirs: FormEvent;
  readonly mine: Partial<EventValues>;
  readonly takeTheirs: () => void;
  readonly saveMine: () => void;
};

/** Another person has saved the event since this form was opened: what changed, and whose values shall stay. */
function SavedMeanwhile({ base, theirs, mine, takeTheirs, saveMine }: Meanwhile) {
  const texts = useOrganizerTexts();
  const changed = changesOf(valuesOf(base), valuesOf(theirs));
  const both = Object.keys(changed).filter((name) => name in mine);
  const nameOf = (name: string) => (name in texts ? texts[name as keyof typeof texts] : name);
  return (
    <div className="notice" role="alert">
      <p>{texts.savedMeanwhile}</p>
      <ul>
        {Object.entries(changed).map(([name, value]) => (
          <li key={name}>
            {nameOf(name)}: {String(value ?? '–')}
          </li>
        ))}
      </ul>
      {both.length === 0 && <p>{texts.noConflict}</p>}
      <div className="actions">
        <button type="button" className="button primary" onClick={saveMine}>
          {both.length === 0 ? texts.saveBoth : texts.saveMine}
        </button>
        <button type="button" className="button" onClick={takeTheirs}>
          {texts.takeTheirs}
        </button>
      </div>
    </div>
  );
}
