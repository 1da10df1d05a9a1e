import type { ServicePorts } from './ports.ts';

type About = { readonly ports: ServicePorts; readonly apiUrl: string; readonly apiKey: string };

/** The operation that a link in a mail opens in GraphiQL. */
const resumeGuest = encodeURIComponent(`mutation {
  resumeGuest(input: { token: "{token}" }) {
    ... on ResumeGuestSuccess { session { accessToken refreshToken viewer { id email } } }
    ... on Refusal { code message }
  }
}`).replace('%7Btoken%7D', '{token}');

/** The sandbox gateway shows the mails on a page, unless the environment names a mail server. */
export function mailEnvironment(given: NodeJS.ProcessEnv, { ports, apiUrl, apiKey }: About): NodeJS.ProcessEnv {
  return {
    MAIL_URL: given.MAIL_URL || `http://mail:${encodeURIComponent(apiKey)}@localhost:${ports.gateway}/mails`,
    MAIL_FROM: given.MAIL_FROM || 'Frontrow <tickets@frontrow.example>',
    RECOVERY_URL: given.RECOVERY_URL || `${apiUrl}/graphql?query=${resumeGuest}`,
  };
}
