import { useState } from 'react';
import { Form, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { instantOf, localOf } from '../forms/local-time.ts';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { RESCHEDULE } from '../operations/events.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { Confirm } from './confirm.tsx';
import type { FormEvent } from './event-values.ts';

/** Moves a published event to another start, or postpones it without one. */
export function Reschedule({ event }: { event: FormEvent }) {
  const texts = useOrganizerTexts();
  const { timeZone } = event.venue;
  const { run, isBusy, problems } = useAction(RESCHEDULE);
  const [isMoved, setMoved] = useState(false);
  const [refundUntil, setRefundUntil] = useState(localOf(event.refundUntil, timeZone));
  const move = async (startsAt: string | null) => {
    setMoved(false);
    const until = instantOf(refundUntil, timeZone);
    const { done } = await run({ input: { eventId: event.id, startsAt, ...(until && { refundUntil: until }) } });
    setMoved(done !== undefined);
  };
  return (
    <Form className="paper form" problems={problems} submit={(given) => void move(textOf(given, 'newStart'))}>
      <h2>{texts.reschedule}</h2>
      <p className="hint">{texts.rescheduleHint}</p>
      <div className="pair times">
        <TextBox
          name="newStart"
          type="datetime-local"
          label={texts.newStart}
          problem={problems.startsAt}
          defaultValue={localOf(event.startsAt, timeZone)}
          required
        />
        <TextBox
          name="refundUntil"
          type="datetime-local"
          label={texts.refundUntil}
          problem={problems.refundUntil}
          value={refundUntil}
          onChange={({ target }) => setRefundUntil(target.value)}
        />
      </div>
      <Wrong texts={restOf(problems, ['startsAt', 'refundUntil'])} />
      {isMoved && (
        <p className="notice good" role="status">
          {texts.saved}
        </p>
      )}
      <div className="actions">
        <button type="submit" className="button" disabled={isBusy}>
          {texts.moveEvent}
        </button>
        {event.status === 'PUBLISHED' && (
          <Confirm label={texts.postpone} ask={texts.sure} isBusy={isBusy} act={() => void move(null)} />
        )}
      </div>
    </Form>
  );
}
