import { InvalidInput } from '../errors.ts';
import { requireCountryCode } from '../organization/organization-rules.ts';
import { requireText } from '../text-rules.ts';
import { timeZoneNamed } from './import/kickoff.ts';

const ADDRESS = { atMost: 300, hasLines: true } as const;

export type VenueInput = {
  readonly name: string;
  readonly address: string | null;
  readonly city: string;
  readonly countryCode: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly timeZone: string;
};

/** The data of a venue in their normal forms. Throws InvalidInput. */
export function requireVenue(input: VenueInput): VenueInput {
  return {
    name: requireText('name', 'A name', input.name, { atMost: 100 }),
    address: input.address === null ? null : requireText('address', 'An address', input.address, ADDRESS),
    city: requireText('city', 'A city', input.city, { atMost: 100 }),
    countryCode: requireCountryCode(input.countryCode),
    latitude: requireDegrees('latitude', input.latitude, 90),
    longitude: requireDegrees('longitude', input.longitude, 180),
    timeZone: requireTimeZone(input.timeZone),
  };
}

function requireDegrees(field: string, degrees: number, atMost: number): number {
  if (Math.abs(degrees) <= atMost) return degrees;
  throw new InvalidInput(`location.${field}`, `A ${field} is between -${atMost} and ${atMost}.`);
}

function requireTimeZone(name: string): string {
  const timeZone = timeZoneNamed(name);
  if (timeZone !== undefined) return timeZone;
  throw new InvalidInput('timeZone', 'An IANA time zone such as Europe/Brussels is needed.');
}
