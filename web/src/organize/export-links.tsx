import { useState } from 'react';
import { useClient } from 'urql';
import { EXPORTS } from '../operations/sales.ts';
import { errorText } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';

/** Files of bookings and tickets. A link is signed when it is wanted, because it ends soon. */
export function ExportLinks({ eventId }: { eventId: string }) {
  const texts = useOrganizerTexts();
  const client = useClient();
  const [problem, setProblem] = useState('');
  const open = async (kind: 'bookings' | 'tickets') => {
    setProblem('');
    const { data, error } = await client.query(EXPORTS, { id: eventId }, { requestPolicy: 'network-only' }).toPromise();
    const link = data?.event?.exports?.[kind];
    if (link) location.assign(link.url);
    else setProblem(error ? errorText(texts, error) : texts.NOT_ALLOWED);
  };
  return (
    <section className="paper">
      <h2>{texts.exports}</h2>
      <p className="hint">{texts.exportsHint}</p>
      <div className="actions">
        <button type="button" className="button" onClick={() => void open('bookings')}>
          {texts.exportBookings}
        </button>
        <button type="button" className="button" onClick={() => void open('tickets')}>
          {texts.exportTickets}
        </button>
      </div>
      {problem && (
        <p className="notice bad" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
