import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { CombinedError } from 'urql';
import type { Texts } from '../texts/en.ts';
import { useTexts } from '../texts/texts.ts';

/** What a refusal says to the fan: the text of its code, else the message of the API. */
export const refusalText = (texts: Texts, { code, message }: { code: string; message: string }): string =>
  code in texts ? texts[code as keyof Texts] : message;

/** The text of a failed operation. */
export function errorText(texts: Texts, error: CombinedError): string {
  const [first] = error.graphQLErrors;
  if (!first) return texts.failedNetwork;
  return refusalText(texts, { code: String(first.extensions.code), message: first.message });
}

export function Failure({ error, retry }: { error: CombinedError; retry?: () => void }) {
  const texts = useTexts();
  return (
    <section className="state" role="alert">
      <h1>{texts.failedTitle}</h1>
      <p>{errorText(texts, error)}</p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          {texts.again}
        </button>
      )}
    </section>
  );
}

/** An empty or closed state: a title, why, and what to do. */
export function Empty({ title, level = 2, children }: { title: string; level?: 1 | 2; children?: ReactNode }) {
  return (
    <section className="state">
      {level === 1 ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children}
    </section>
  );
}

export function HomeLink() {
  const texts = useTexts();
  return (
    <Link to="/" className="button">
      {texts.backHome}
    </Link>
  );
}
