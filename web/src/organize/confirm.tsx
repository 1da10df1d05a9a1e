import { useState } from 'react';
import { useOrganizerTexts } from '../texts/organizer.ts';

type Props = {
  readonly label: string;
  readonly ask: string;
  readonly name?: string;
  readonly act: () => void;
  readonly isBusy?: boolean;
};

/** A button that asks once more before it does what cannot be undone. */
export function Confirm({ label, ask, name, act, isBusy = false }: Props) {
  const texts = useOrganizerTexts();
  const [isAsking, setAsking] = useState(false);
  if (!isAsking)
    return (
      <button type="button" className="button" aria-label={name && `${label}: ${name}`} onClick={() => setAsking(true)}>
        {label}
      </button>
    );
  return (
    <fieldset className="confirm" aria-label={ask}>
      <span>{ask}</span>
      <button
        type="button"
        className="button danger"
        disabled={isBusy}
        // The button that had the focus is gone.
        ref={(button) => button?.focus()}
        onClick={() => {
          act();
          setAsking(false);
        }}
      >
        {label}
      </button>
      <button type="button" className="button" onClick={() => setAsking(false)}>
        {texts.keep}
      </button>
    </fieldset>
  );
}
