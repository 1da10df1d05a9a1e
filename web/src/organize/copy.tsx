import { useState } from 'react';
import { useOrganizerTexts } from '../texts/organizer.ts';

/** A text to take elsewhere, with a button that copies it. */
export function Copy({ label, text }: { label: string; text: string }) {
  const texts = useOrganizerTexts();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div className="copy">
      <input readOnly aria-label={label} value={text} onFocus={(event) => event.currentTarget.select()} />
      <button type="button" className="button" onClick={() => void copy()}>
        {isCopied ? texts.copied : texts.copy}
      </button>
    </div>
  );
}
