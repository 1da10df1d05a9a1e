import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type GraphqlClient, openGraphqlClient } from '#processes/dev/graphql-client.ts';
import { uploadPlan } from '#processes/dev/upload-plan.ts';
import { follow, openSocket } from './follow.ts';
import { buyAsFan } from './organizer-fan.ts';
import { type Sales, salesQuery, salesText } from './organizer-figures.ts';
import { type Hall, makeSale } from './organizer-sale.ts';
import { printSteps, type Steps } from './steps.ts';

const chart = new URL('../../data/seatsio-charts/sampleChartWithSections.json', import.meta.url);
const venue = {
  name: 'Casa do Fado',
  city: 'Lisbon',
  countryCode: 'PT',
  timeZone: 'Europe/Lisbon',
  location: { latitude: 38.7111, longitude: -9.1275 },
};

/** Plays an organizer from the sign-up to live sales. Each run makes another account and organization. */
export async function playOrganizer(url: string): Promise<void> {
  const steps = printSteps();
  const guest = openGraphqlClient(url);
  const { token, hall } = await makeHall(guest, steps);
  const { eventId, code } = await makeSale(guest.as(token), hall, steps);
  const socket = openSocket(url, token);
  const figures = follow<{ eventSalesChanged: Sales }>(socket, salesQuery, { eventId });
  const before = await figures(() => true);
  steps.step(`subscribed to eventSalesChanged: ${salesText(before.eventSalesChanged)}`);
  const { tickets } = await buyAsFan({ url, guest, eventId, sectionId: hall.schoolSection, code }, steps);
  const { eventSalesChanged } = await figures((answer) => answer.eventSalesChanged.soldTickets === tickets);
  steps.step(`pushed to the organizer: ${salesText(eventSalesChanged)}`);
  steps.finish();
  await socket.dispose();
}

/** From the sign-up to a published seating plan. */
async function makeHall(guest: GraphqlClient, { step }: Steps): Promise<{ token: string; hall: Hall }> {
  const email = `organizer-${randomUUID().slice(0, 8)}@example.org`;
  const account = { displayName: 'Rita', email, password: randomUUID() };
  type SignedUp = { session: { accessToken: string } };
  const token = (await guest.mutate<SignedUp>('signUp', account, 'session { accessToken }')).session.accessToken;
  step(`signed up as ${email}`);
  const api = guest.as(token);
  const owner = { name: 'Fado Lisboa', countryCode: 'PT' };
  type Made = Record<string, { id: string }>;
  const made = await api.mutate<Made>('createOrganization', owner, 'organization { id }');
  const organizationId = made.organization?.id ?? '';
  step(`created the organization ${owner.name}, whose owner is the account`);
  const place = await api.mutate<Made>('createVenue', { organizationId, ...venue }, 'venue { id }');
  const venueId = place.venue?.id ?? '';
  step(`created the venue ${venue.name} in ${venue.city}`);
  const plan = await importPlan(api, { organizationId, venueId }, step);
  await api.mutate('publishSeatingPlan', { seatingPlanId: plan.id }, 'seatingPlan { id }');
  step('published the seating plan, which never changes from now on');
  const [first, ...others] = plan.sections.map(({ id }) => id);
  if (first === undefined) throw new Error('The chart has no section.');
  return {
    token,
    hall: { organizationId, venueId, seatingPlanId: plan.id, schoolSection: first, sections: [first, ...others] },
  };
}

type Plan = { id: string; seatCount: number; sections: { id: string; label: string }[] };

async function importPlan(
  api: GraphqlClient,
  { organizationId, venueId }: { organizationId: string; venueId: string },
  step: Steps['step'],
): Promise<Plan> {
  const file = await readFile(chart, 'utf8');
  const uploadId = await uploadPlan(api, { organizationId, contentType: 'application/json', file });
  step(`uploaded a chart of seats.io: ${Buffer.byteLength(file)} bytes`);
  type Imported = { seatingPlan: Plan; warnings: { message: string }[] };
  const { seatingPlan, warnings } = await api.mutate<Imported>(
    'importSeatingPlan',
    { venueId, uploadId, format: 'SEATSIO', name: 'Main room' },
    'seatingPlan { id seatCount sections { id label } } warnings { message }',
  );
  const sections = seatingPlan.sections.map(({ label }) => label).join(', ');
  step(`imported it as a draft: ${seatingPlan.seatCount} seats in ${sections}; ${warnings.length} warnings`);
  return seatingPlan;
}
