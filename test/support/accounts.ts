import { randomUUIDv7 } from 'node:crypto';
import { type Fan, fanAt, post } from './fan.ts';

export type Credentials = { readonly email: string; readonly password: string };

export const newCredentials = (): Credentials => ({
  email: `${randomUUIDv7()}@example.org`,
  password: 'correct horse battery',
});

/** An account, which nobody is signed in to. */
export async function signUp(apiUrl: string, credentials = newCredentials()): Promise<Credentials> {
  const query = 'mutation ($input: SignUpInput!) { signUp(input: $input) { __typename ... on Refusal { code } } }';
  const { data } = await post(apiUrl, { query, variables: { input: { ...credentials, displayName: 'Ann' } } });
  if (data.signUp.code) throw new Error(`No account: ${data.signUp.code}`);
  return credentials;
}

/** A session of an account; each is one of its own. */
export async function signIn(apiUrl: string, credentials: Credentials): Promise<Fan> {
  const query = `mutation ($input: SignInInput!) { signIn(input: $input) {
    ... on SignInSuccess { session { accessToken viewer { id } } } ... on Refusal { code } } }`;
  const { session, code } = (await post(apiUrl, { query, variables: { input: credentials } })).data.signIn;
  if (!session) throw new Error(`No session: ${code}`);
  return fanAt(apiUrl, { token: session.accessToken, userId: session.viewer.id });
}
