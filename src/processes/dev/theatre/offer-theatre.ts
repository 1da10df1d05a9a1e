import { setTimeout as delay } from 'node:timers/promises';
import { sentenceOf } from '../../sentence.ts';
import { openGraphqlClient } from '../graphql-client.ts';
import { say } from '../pretty-log.ts';
import { makeTheatre } from './make-theatre.ts';
import { openTheatreAccount, theatreAccount } from './theatre-account.ts';
import { theatre } from './theatre-show.ts';

/** The start waits this long for the theatre, which takes about a second. */
const START_WAITS_MS = 5_000;
const GIVES_UP_AFTER_MS = 60_000;

/**
 * Makes the theatre of the demo, or finds it. Resolves with what the ready message says about it, also when it cannot be made.
 * When it takes long, it goes on while the system is in use, and a line says how it ended.
 */
export async function offerTheatre(url: string, password: string, stopping: AbortSignal): Promise<string> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(GIVES_UP_AFTER_MS)]);
  const asOrganizer = `sign in as ${theatreAccount.email} with the password ${password}; presale code ${theatre.presaleCode}`;
  const opened = openTheatreAccount(openGraphqlClient(url, { signal }), password);
  const made = opened.then(makeTheatre).then(
    () => asOrganizer,
    (error: unknown) => `could not be made: ${sentenceOf(error) ?? (error instanceof Error ? error.message : error)}`,
  );
  const waiting = new AbortController();
  const late = delay(START_WAITS_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
  const soon = await Promise.race([made, late]);
  waiting.abort();
  if (soon !== undefined) return soon;
  void made.then((text) => stopping.aborted || say('frontrow', `Teatro Municipal: ${text}`));
  return `${asOrganizer}; it is still being made, and a line says when it is ready`;
}
