import { SIGN_IN, SIGN_IN_AS_GUEST, SIGN_OUT, SIGN_UP } from '../operations/session.ts';
import { currentClient } from './client.ts';
import type { ResultOf } from './graphql.ts';
import { keepSession, type Session } from './session.ts';
import { plainRequest } from './transport.ts';
import { solveChallenge } from './work.ts';

/** Why the fan is not signed in. */
export type NotSignedIn = { readonly code: string; readonly message: string };

const unreachable: NotSignedIn = { code: 'NETWORK', message: '' };

type Answer = { readonly __typename: string } & ({ session: Session } | { code: string; message: string });

function take(answer: Answer | undefined): NotSignedIn | undefined {
  if (!answer) return unreachable;
  if (!('session' in answer)) return answer;
  keepSession(answer.session);
  return undefined;
}

/** Signs in with an address alone. When the API asks for a proof of work, the page does the work. */
export async function signInAsGuest(email: string, challengeAnswer?: string): Promise<NotSignedIn | undefined> {
  const input = { email, challengeAnswer: challengeAnswer ?? null };
  const result = (await plainRequest(SIGN_IN_AS_GUEST, { input }))?.signInAsGuest;
  if (result?.__typename === 'ChallengeRequired' && result.kind === 'PROOF_OF_WORK' && challengeAnswer === undefined)
    return signInAsGuest(email, await solveChallenge(result.challenge));
  return take(result as Answer | undefined);
}

export async function signIn(input: { email: string; password: string }): Promise<NotSignedIn | undefined> {
  return take((await plainRequest(SIGN_IN, { input }))?.signIn as Answer | undefined);
}

type NewAccount = { email: string; password: string; displayName: string };

export async function signUp(input: NewAccount): Promise<NotSignedIn | undefined> {
  return take((await plainRequest(SIGN_UP, { input }))?.signUp as Answer | undefined);
}

/** Ends the session at the server as well, so that its tokens are worth nothing. */
export async function signOut(): Promise<void> {
  await currentClient().mutation<ResultOf<typeof SIGN_OUT>>(SIGN_OUT, {}).toPromise();
  keepSession(undefined);
  sessionStorage.clear();
}
