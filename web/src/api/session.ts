import { REFRESH, type SESSION } from '../operations/session.ts';
import type { ResultOf } from './graphql.ts';
import { plainRequest } from './transport.ts';

/** A signed-in fan: tokens, and who it is. */
export type Session = ResultOf<typeof SESSION>;

const KEY = 'frontrow.session';
/** A token is renewed this long before it expires. */
const EARLY_MS = 60_000;

const listeners = new Set<() => void>();
let current: Session | undefined = read();

function read(): Session | undefined {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

// Another tab has signed in, signed out or renewed the tokens.
addEventListener('storage', ({ key }) => {
  if (key !== KEY) return;
  const before = current?.viewer.id;
  current = read();
  if (current?.viewer.id !== before) tell();
});

/** For `useSyncExternalStore`. */
export const watchSession = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const currentSession = (): Session | undefined => current;

/** Keeps the session; undefined signs out on this device. */
export function keepSession(session: Session | undefined): void {
  const before = current?.viewer.id;
  current = session;
  if (session) localStorage.setItem(KEY, JSON.stringify(session));
  else localStorage.removeItem(KEY);
  if (session?.viewer.id !== before) tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** Returns an access token that is good for at least some seconds; undefined when no fan is signed in. */
export async function goodToken(now: () => number): Promise<string | undefined> {
  if (!current) return undefined;
  if (Date.parse(current.accessTokenExpiresAt) - now() > EARLY_MS) return current.accessToken;
  // Two tabs must not use one refresh token twice.
  await navigator.locks.request('frontrow.refresh', () => renew(now));
  return current?.accessToken;
}

const TRIED_MS = 10_000;
let refusedAt = Number.NEGATIVE_INFINITY;

/** The API has refused the token. Returns true when there is a new one; a second refusal within seconds signs out. */
export async function renewRefused(now: () => number): Promise<boolean> {
  const refused = current?.accessToken;
  if (!refused) return false;
  if (performance.now() - refusedAt < TRIED_MS) {
    keepSession(undefined);
    return false;
  }
  refusedAt = performance.now();
  await navigator.locks.request('frontrow.refresh', () => renew(now, refused));
  return current !== undefined && current.accessToken !== refused;
}

async function renew(now: () => number, refused?: string): Promise<void> {
  current = read() ?? current;
  if (!current) return;
  const isGood = Date.parse(current.accessTokenExpiresAt) - now() > EARLY_MS;
  if (isGood && current.accessToken !== refused) return;
  const answer = await plainRequest(REFRESH, { input: { refreshToken: current.refreshToken } });
  const result = answer?.refreshSession;
  if (result?.__typename === 'RefreshSessionSuccess') keepSession(result.session);
  else if (result?.__typename === 'SessionEnded') keepSession(undefined);
}
