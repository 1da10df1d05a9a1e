import { type GraphqlClient, Refused } from '../graphql-client.ts';
import { uploadPlan } from '../upload-plan.ts';
import { theatrePlan } from './theatre-plan.ts';
import {
  allocationsAt,
  firstPerformance,
  pricesInput,
  type Section,
  seasonFrom,
  showInput,
  theatre,
} from './theatre-show.ts';

/**
 * Makes the theatre of the demo for the signed-in account, through the public API alone. Each step looks for what it would
 * make, so that it can be repeated after an end at any instant. Publishing is the last step of a performance.
 *
 * @throws Error when the API refuses a step
 */
export async function makeTheatre(api: GraphqlClient): Promise<void> {
  const organization = await findOrganization(api);
  const venueId = organization.venues.nodes[0]?.id ?? (await makeVenue(api, organization.id));
  const events = organization.events.nodes;
  const [opening] = events;
  if (opening && missingStarts(opening, events).length === 0 && unpublished(opening, events).length === 0) return;
  const plan = await publishedPlan(api, { organizationId: organization.id, venueId });
  const first = opening ?? (await makeFirst(api, { organizationId: organization.id, venueId, seatingPlanId: plan.id }));
  if (first.priceTiers.length === 0)
    await api.mutate('setPrices', { eventId: first.id, ...pricesInput(plan.sections) }, 'event { id }');
  const season = [first, ...events.slice(1), ...(await makeMissing(api, first, events))];
  for (const event of unpublished(first, season)) await putOnSale(api, event, plan.sections);
}

type Show = { id: string; title: string; startsAt: string; status: string; priceTiers: { id: string }[] };
type Organization = { id: string; name: string; venues: { nodes: { id: string }[] }; events: { nodes: Show[] } };
type Plan = { id: string; status: string; sections: Section[] };

const SHOW = 'id title startsAt status priceTiers { id }';
const PLAN = 'id status sections { id label }';
const seasonOf = ({ startsAt }: Show): Date[] => seasonFrom(new Date(startsAt));
const isDraft = ({ status }: { status: string }): boolean => status === 'DRAFT';

/** The first organization of the account is the one that an earlier start made. */
async function findOrganization(api: GraphqlClient): Promise<Organization> {
  const read = async () => {
    const { viewer } = await api.ask<{ viewer: { organizations: Organization[] } }>(
      `{ viewer { organizations { id name venues(first: 1) { nodes { id } } events(first: 50) { nodes { ${SHOW} } } } } }`,
    );
    return viewer.organizations.find(({ name }) => name === theatre.organization.name);
  };
  const known = await read();
  if (known) return known;
  await api.mutate('createOrganization', theatre.organization, 'organization { id }');
  const made = await read();
  if (!made) throw new Error('The new organization is not among those of its owner.');
  return made;
}

async function makeVenue(api: GraphqlClient, organizationId: string): Promise<string> {
  type Made = { venue: { id: string } };
  const input = { organizationId, ...theatre.venue };
  return (await api.mutate<Made>('createVenue', input, 'venue { id }')).venue.id;
}

type Hall = { readonly organizationId: string; readonly venueId: string };

async function publishedPlan(api: GraphqlClient, hall: Hall): Promise<Plan> {
  const { venue } = await api.ask<{ venue: { seatingPlans: { nodes: Plan[] } } }>(
    `query ($id: ID!) { venue(id: $id) { seatingPlans(first: 1) { nodes { ${PLAN} } } } }`,
    { id: hall.venueId },
  );
  const plan = venue.seatingPlans.nodes[0] ?? (await importPlan(api, hall));
  if (isDraft(plan)) await api.mutate('publishSeatingPlan', { seatingPlanId: plan.id }, 'seatingPlan { id }');
  return plan;
}

async function importPlan(api: GraphqlClient, { organizationId, venueId }: Hall): Promise<Plan> {
  const uploadId = await uploadPlan(api, { organizationId, contentType: 'text/csv', file: theatrePlan() });
  const input = { venueId, uploadId, format: 'CSV', name: theatre.plan };
  return (await api.mutate<{ seatingPlan: Plan }>('importSeatingPlan', input, `seatingPlan { ${PLAN} }`)).seatingPlan;
}

async function makeFirst(api: GraphqlClient, hall: Hall & { readonly seatingPlanId: string }): Promise<Show> {
  const input = { ...hall, ...showInput(firstPerformance(new Date())) };
  return (await api.mutate<{ event: Show }>('createEvent', input, `event { ${SHOW} }`)).event;
}

/** Keeps seats back, makes the code of the presale, and publishes. */
async function putOnSale(
  api: GraphqlClient,
  { id: eventId, startsAt }: Show,
  sections: readonly Section[],
): Promise<void> {
  const { house, presale, code } = allocationsAt(new Date(startsAt), sections);
  await api.mutate('setAllocation', { eventId, ...house }, 'changed event { id }');
  if (presale.releaseAt > new Date()) {
    await api.mutate('setAllocation', { eventId, ...presale }, 'changed event { id }');
    await api.mutate('createCodes', { eventId, ...code }, 'codes event { id }').catch((error: unknown) => {
      // The event has the code already.
      if (!(error instanceof Refused) || error.field !== 'codes') throw error;
    });
  }
  await api.mutate('publishEvent', { eventId }, 'event { id }');
}

/** Copies the first performance, with its prices, to the starts of the season at which there is no performance yet. */
async function makeMissing(api: GraphqlClient, first: Show, known: readonly Show[]): Promise<Show[]> {
  const starts = missingStarts(first, [first, ...known]);
  if (starts.length === 0) return [];
  const input = { eventId: first.id, startsAt: starts.map((start) => start.toISOString()) };
  return (await api.mutate<{ events: Show[] }>('duplicateEvent', input, `events { ${SHOW} }`)).events;
}

/** Once the season is whole, an organizer may move its performances, and none of them is made again. */
function missingStarts(first: Show, known: readonly Show[]): Date[] {
  const season = seasonOf(first);
  const starts = new Set(known.map(({ startsAt }) => Date.parse(startsAt)));
  return known.length >= season.length ? [] : season.filter((start) => !starts.has(start.getTime()));
}

/** Other drafts belong to the person who uses the demo. */
function unpublished(first: Show, known: readonly Show[]): Show[] {
  const starts = new Set(seasonOf(first).map((start) => start.getTime()));
  return known.filter((event) => isDraft(event) && starts.has(Date.parse(event.startsAt)));
}
