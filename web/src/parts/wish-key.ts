import { useRef } from 'react';

/**
 * Idempotency keys of a form. The same wish keeps its key, so that a second press after a lost answer does nothing twice;
 * another wish has another key. After an answer `renew` ends the key.
 */
export function useWishKey() {
  const last = useRef({ wish: '', key: '' });
  const of = (wish: unknown): string => {
    const text = JSON.stringify(wish);
    if (last.current.wish !== text) last.current = { wish: text, key: crypto.randomUUID() };
    return last.current.key;
  };
  const renew = (): void => {
    last.current = { wish: '', key: '' };
  };
  return { of, renew };
}
