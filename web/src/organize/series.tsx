import { Link } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { Form, TextBox, Wrong } from '../forms/fields.tsx';
import { localOf } from '../forms/local-time.ts';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { DUPLICATE } from '../operations/events.ts';
import { useFormats } from '../parts/formats.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import type { FormEvent } from './event-values.ts';

const WEEK_MS = 7 * 86_400_000;

/** One week later on the same clock. */
const aWeekLater = (local: string): string => new Date(Date.parse(`${local}Z`) + WEEK_MS).toISOString().slice(0, 16);

/** Copies the event, once for each start. */
export function Series({ event }: { event: FormEvent }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const [starts, setStarts] = useState([aWeekLater(localOf(event.startsAt, event.venue.timeZone))]);
  const [made, setMade] = useState<readonly { id: string; title: string; startsAt: string }[]>([]);
  const { run, isBusy, problems } = useAction(DUPLICATE);
  const key = useRef(crypto.randomUUID());
  const submit = async () => {
    const { done, refused } = await run({
      input: { eventId: event.id, startsAt: starts, idempotencyKey: key.current },
    });
    if (done || refused) key.current = crypto.randomUUID();
    if (done) setMade(done.events);
  };
  const change = (at: number, value: string) => setStarts(starts.map((start, index) => (index === at ? value : start)));
  return (
    <Form className="paper form" problems={problems} submit={() => void submit()}>
      <h2>{texts.series}</h2>
      <p className="hint">{texts.seriesHint}</p>
      {starts.map((start, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the position is what the field is about.
        <div className="line" key={index}>
          <TextBox
            name={`start${index}`}
            type="datetime-local"
            label={`${texts.startsAt} ${index + 1}`}
            problem={problems[`startsAt[${index}]`]}
            value={start}
            onChange={({ target }) => change(index, target.value)}
            required
          />
          {starts.length > 1 && (
            <button type="button" className="button" onClick={() => setStarts(starts.filter((_, at) => at !== index))}>
              {texts.takeAway}
            </button>
          )}
        </div>
      ))}
      <Wrong
        texts={restOf(
          problems,
          starts.map((_, index) => `startsAt[${index}]`),
        )}
      />
      <div className="actions">
        <button
          type="button"
          className="button"
          disabled={starts.length >= 100}
          onClick={() => setStarts([...starts, aWeekLater(starts.at(-1) ?? '')])}
        >
          {texts.addStart}
        </button>
        <button type="submit" className="button primary" disabled={isBusy}>
          {texts.makeSeries}
        </button>
      </div>
      {made.length > 0 && (
        <ul className="notice good" role="status">
          {made.map(({ id, title, startsAt }) => (
            <li key={id}>
              <Link to="/organizer/events/$eventId" params={{ eventId: id }}>
                {title}, {formats.longDate(startsAt, event.venue.timeZone)}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Form>
  );
}
