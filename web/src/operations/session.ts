import { graphql } from '../api/graphql.ts';

export const SESSION = graphql(`
  fragment SessionParts on Session {
    accessToken accessTokenExpiresAt refreshToken
    viewer { id email displayName }
  }
`);

export const REFRESH = graphql(
  `
  mutation RefreshSession($input: RefreshSessionInput!) {
    refreshSession(input: $input) {
      __typename
      ... on RefreshSessionSuccess { session { ...SessionParts } }
      ... on Refusal { code message }
    }
  }
`,
  [SESSION],
);

export const SIGN_IN_AS_GUEST = graphql(
  `
  mutation SignInAsGuest($input: SignInAsGuestInput!) {
    signInAsGuest(input: $input) {
      __typename
      ... on SignInAsGuestSuccess { session { ...SessionParts } }
      ... on ChallengeRequired { kind challenge }
      ... on Refusal { code message retry { advice afterSeconds } }
    }
  }
`,
  [SESSION],
);

export const SIGN_IN = graphql(
  `
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      __typename
      ... on SignInSuccess { session { ...SessionParts } }
      ... on Refusal { code message retry { advice afterSeconds } }
    }
  }
`,
  [SESSION],
);

export const SIGN_UP = graphql(
  `
  mutation SignUp($input: SignUpInput!) {
    signUp(input: $input) {
      __typename
      ... on SignUpSuccess { session { ...SessionParts } }
      ... on Refusal { code message retry { advice afterSeconds } }
    }
  }
`,
  [SESSION],
);

export const SIGN_OUT = graphql(`
  mutation SignOut {
    signOut
  }
`);
