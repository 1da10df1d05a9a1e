import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useQuery, useSubscription } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { Form, TextArea, textOf, Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { CANCEL_EVENT, CANCELLATION_CHANGED, EVENT_CANCELLATION, PREVIEW_CANCELLATION } from '../operations/events.ts';
import { EventNav } from '../organize/event-nav.tsx';
import { SignedIn, Waiting } from '../organize/signed-in.tsx';
import { type Money, useFormats } from '../parts/formats.ts';
import { Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

type Found = NonNullable<ResultOf<typeof EVENT_CANCELLATION>['event']>;
type Cancellation = NonNullable<Found['cancellation']>;
type PreviewResult = NonNullable<ResultOf<typeof PREVIEW_CANCELLATION>['previewEventCancellation']>;
type Preview = Extract<PreviewResult, { preview: unknown }>['preview'];

/** Cancels an event after a look at what that does, and follows its refunds. */
export function CancelEventPage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.cancelEvent}>{() => <CancelEvent />}</SignedIn>;
}

function CancelEvent() {
  const { eventId: id } = useParams({ from: '/organizer/events/$eventId/cancel' });
  const texts = useOrganizerTexts();
  const [{ data, error }, again] = useQuery({
    query: EVENT_CANCELLATION,
    variables: { id },
    requestPolicy: 'cache-and-network',
  });
  const event = data?.event;
  if (!event && error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!event?.organization?.viewerRole) return data ? <NotFoundPage /> : <Waiting />;
  return (
    <section className="column">
      <EventNav event={event} />
      {event.cancellation && <Progress eventId={event.id} known={event.cancellation} />}
      {!event.cancellation && event.status === 'DRAFT' && (
        <section className="paper">
          <h2>{texts.cancelEvent}</h2>
          <p className="hint">{texts.draftsAreNotCancelled}</p>
        </section>
      )}
      {!event.cancellation && event.status !== 'DRAFT' && <Cancel eventId={event.id} />}
    </section>
  );
}

function Cancel({ eventId }: { eventId: string }) {
  const texts = useOrganizerTexts();
  const [preview, setPreview] = useState<Preview>();
  const look = useAction(PREVIEW_CANCELLATION);
  const { run, isBusy, problems } = useAction(CANCEL_EVENT);
  const [keepsFees, setKeepsFees] = useState(false);
  const see = async () => {
    const { done } = await look.run({ input: { eventId } });
    setPreview(done?.preview);
  };
  const submit = async (given: FormData) => {
    if (!preview) return;
    const input = { eventId, token: preview.token, refundFees: !keepsFees, reason: textOf(given, 'reason') };
    const { refused } = await run({ input });
    if (refused?.__typename === 'PreviewOutdated') await see();
  };
  return (
    <section className="paper">
      <h2>{texts.cancelEvent}</h2>
      <p className="hint">{texts.cancelHint}</p>
      <Wrong texts={restOf(look.problems, [])} />
      {!preview && (
        <button type="button" className="button" disabled={look.isBusy} onClick={() => void see()}>
          {texts.seeWhatHappens}
        </button>
      )}
      {preview && (
        <Form problems={problems} label={texts.cancelEvent} submit={(given) => void submit(given)}>
          <Effects {...{ preview, keepsFees }} />
          <label className="check">
            <input type="checkbox" checked={keepsFees} onChange={({ target }) => setKeepsFees(target.checked)} />
            {texts.keepFees}
          </label>
          <TextArea name="reason" label={texts.reason} problem={problems.reason} maxLength={500} required />
          <Wrong texts={restOf(problems, ['reason'])} />
          <button type="submit" className="button danger" disabled={isBusy}>
            {texts.cancelForGood}
          </button>
        </Form>
      )}
    </section>
  );
}

function useAmounts() {
  const formats = useFormats();
  return (amounts: readonly Money[]) => amounts.map(formats.money).join(' + ') || '0';
}

function Effects({ preview, keepsFees }: { preview: Preview; keepsFees: boolean }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const amounts = useAmounts();
  const figures = [
    [texts.bookingsEnd, formats.number(preview.bookings)],
    [texts.ticketsEnd, formats.number(preview.tickets)],
    [texts.paidBack, amounts(keepsFees ? preview.refundsWithoutFees : preview.refunds)],
    ...(preview.bookingsByHand > 0 ? [[texts.byHand, amounts(preview.toRepayByHand)]] : []),
  ];
  return (
    <>
      <Figures figures={figures} />
      <p className="hint">{fill(texts.previewUntil, formats.dateTime(preview.expiresAt))}</p>
    </>
  );
}

function Figures({ figures }: { figures: readonly (readonly string[])[] }) {
  return (
    <dl className="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** How far the bookings and refunds are. It arrives by itself. */
function Progress({ eventId, known }: { eventId: string; known: Cancellation }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const amounts = useAmounts();
  const [{ data }] = useSubscription({ query: CANCELLATION_CHANGED, variables: { id: eventId } });
  const now = data?.eventCancellationChanged ?? known;
  const figures = [
    [texts.bookingsDone, `${formats.number(now.done)} / ${formats.number(now.bookings)}`],
    [texts.paidBack, `${amounts(now.refunded)} / ${amounts(now.refunds)}`],
    ...(now.failed > 0 ? [[texts.failedRefunds, formats.number(now.failed)]] : []),
    ...(now.bookingsByHand > 0 ? [[texts.byHand, amounts(now.toRepayByHand)]] : []),
  ];
  return (
    <section className="paper">
      <div className="paper-head">
        <h2>{texts[`cancellation${now.state}`]}</h2>
        <Link to="/organizer/events/$eventId" params={{ eventId }}>
          {texts.dashboard}
        </Link>
      </div>
      <Figures figures={figures} />
      <progress
        max={Math.max(1, now.bookings)}
        value={now.bookings === 0 ? 1 : now.done}
        aria-label={texts.bookingsDone}
      />
      <p className="hint">
        {texts.reason}: {now.reason}
      </p>
    </section>
  );
}
