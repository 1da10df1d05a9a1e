import { type GraphqlClient, Refused } from '../graphql-client.ts';

export const theatreAccount = { displayName: 'Teatro Municipal', email: 'teatro-municipal@example.org' } as const;

type Opened = { session: { accessToken: string } };

/**
 * Signs up at the first start, and in at the later ones. Returns a client with the token.
 *
 * @throws Error when the account has another password
 */
export async function openTheatreAccount(guest: GraphqlClient, password: string): Promise<GraphqlClient> {
  const { email } = theatreAccount;
  const signedIn = await unless('WrongCredentials', openSession(guest, 'signIn', { email, password }));
  const opened =
    signedIn ?? (await unless('EmailTaken', openSession(guest, 'signUp', { ...theatreAccount, password })));
  if (opened) return guest.as(opened.session.accessToken);
  throw new Error(`The database has an account ${email} with another password, which another data folder made.`);
}

const openSession = (guest: GraphqlClient, name: string, input: object) =>
  guest.mutate<Opened>(name, input, 'session { accessToken }');

/** Resolves with undefined for this refusal alone. */
const unless = (type: string, opening: Promise<Opened>): Promise<Opened | undefined> =>
  opening.catch((error: unknown) => {
    if (error instanceof Refused && error.type === type) return undefined;
    throw error;
  });
