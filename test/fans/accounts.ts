import { randomUUIDv7 } from 'node:crypto';
import { type Fan, fanAt } from './fan.ts';
import { post } from './graphql-http.ts';

export type Credentials = { readonly email: string; readonly password: string };

export const newCredentials = (): Credentials => ({
  email: `${randomUUIDv7()}@example.org`,
  password: 'correct horse battery',
});

/** An account without a session. */
export async function signUp(apiUrl: string, credentials = newCredentials()): Promise<Credentials> {
  const query = 'mutation ($input: SignUpInput!) { signUp(input: $input) { __typename ... on Refusal { code } } }';
  const { data } = await post(apiUrl, { query, variables: { input: { ...credentials, displayName: 'Ann' } } });
  if (data.signUp.code) throw new Error(`No account: ${data.signUp.code}`);
  return credentials;
}

export type OpenedSession = { readonly userId: string; readonly accessToken: string; readonly refreshToken: string };

/** A session of an account, with all of its tokens; `userId` is the raw id. */
export async function openSession(apiUrl: string, credentials: Credentials): Promise<OpenedSession> {
  const query = `mutation ($input: SignInInput!) { signIn(input: $input) {
    ... on SignInSuccess { session { accessToken refreshToken viewer { id } } } ... on Refusal { code } } }`;
  const { session, code } = (await post(apiUrl, { query, variables: { input: credentials } })).data.signIn;
  if (!session) throw new Error(`No session: ${code}`);
  const { accessToken, refreshToken, viewer } = session;
  return { accessToken, refreshToken, userId: viewer.id.replace('User_', '') };
}

/** A session of an account, independent of its other sessions. */
export async function signIn(apiUrl: string, credentials: Credentials): Promise<Fan> {
  const { accessToken, userId } = await openSession(apiUrl, credentials);
  return fanAt(apiUrl, { token: accessToken, userId: `User_${userId}` });
}
