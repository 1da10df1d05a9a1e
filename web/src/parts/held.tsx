import { useState } from 'react';
import { Button } from 'react-aria-components';
import { useMutation } from 'urql';
import type { KeptBooking } from '../api/kept-tickets.ts';
import { CANCEL } from '../operations/fan.ts';
import { fill, useTexts } from '../texts/texts.ts';
import { useFormats } from './formats.ts';
import { errorText, refusalText } from './states.tsx';
import { useNow } from './use-now.ts';

/** Seats that wait for payment: the time that is left, and the way to the payment page. */
export function Held({ booking }: { booking: KeptBooking }) {
  const texts = useTexts();
  const formats = useFormats();
  const { problem, giveBack, isBusy } = useGiveBack(booking.id);
  const { url } = booking.payment;
  return (
    <section className="paper held">
      <Timer until={booking.holdExpiresAt} since={booking.createdAt} />
      {problem && (
        <p className="notice bad" role="alert">
          {problem}
        </p>
      )}
      {url ? (
        <a
          className="button primary wide"
          href={url}
          onClick={() => sessionStorage.setItem('frontrow.booking', booking.id)}
        >
          {fill(texts.pay, formats.money(booking.total))}
        </a>
      ) : (
        <p role="status" className="wait">
          {texts.preparing}
        </p>
      )}
      <p className="hint">{texts.payHint}</p>
      <Button className="link" isDisabled={isBusy} onPress={() => void giveBack()}>
        {texts.giveBack}
      </Button>
    </section>
  );
}

function Timer({ until, since }: { until: string; since: string }) {
  const texts = useTexts();
  const formats = useFormats();
  const now = useNow();
  const seconds = (Date.parse(until) - now) / 1000;
  const share = seconds / Math.max(1, (Date.parse(until) - Date.parse(since)) / 1000);
  if (seconds <= 0) return <p role="status">{texts.lateHint}</p>;
  return (
    <div className="timer">
      <p role="timer">{fill(texts.heldFor, formats.clock(seconds))}</p>
      <progress max={1} value={Math.min(1, share)} aria-label={texts.heldFor.replace('{0}', '')} />
    </div>
  );
}

/** Cancels the booking, and says why when that is refused. */
export function useGiveBack(bookingId: string) {
  const texts = useTexts();
  const [{ fetching }, cancel] = useMutation(CANCEL);
  const [problem, setProblem] = useState('');
  const giveBack = async () => {
    setProblem('');
    const { data, error } = await cancel({ input: { bookingId } });
    const result = data?.cancelBooking;
    if (error) setProblem(errorText(texts, error));
    else if (result && 'code' in result) setProblem(refusalText(texts, result));
  };
  return { problem, giveBack, isBusy: fetching };
}
