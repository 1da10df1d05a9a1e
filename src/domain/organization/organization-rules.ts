import { InvalidInput } from '../errors.ts';
import { requireText } from '../text-rules.ts';

/** The largest number of organizations that one account may be a member of. */
export const MOST_ORGANIZATIONS = 50;
/** The largest number of access keys of an organization that are not revoked. */
export const MOST_ACCESS_KEYS = 50;
/** The largest number of invitations of an organization that are open at once. */
export const MOST_INVITATIONS = 50;
/** How long an invitation is valid. */
export const INVITATION_DAYS = 7;

/** The name of an organization or of an access key, in NFC without surrounding blanks. Throws InvalidInput. */
export const requireName = (name: string): string => requireText('name', 'A name', name, { atMost: 100 });

const regions = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

/** The code of a country, ISO 3166-1 alpha-2, in upper case. Throws InvalidInput. */
export function requireCountryCode(countryCode: string): string {
  if (/^[A-Z]{2}$/.test(countryCode) && regions.of(countryCode) !== undefined) return countryCode;
  throw new InvalidInput('countryCode', 'This is not the code of a country, such as CH (ISO 3166-1 alpha-2).');
}
