import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isCurrency, MAX_AMOUNT_MINOR } from '../../currency-rules.ts';
import type { SeatingPlanDraft } from '../layout.ts';
import { type PlanProblem, PlanProblems } from '../plan-files/plan-problems.ts';
import { readSeatsioPlan } from '../plan-files/seatsio-plan.ts';
import type { EventFile, EventRecord, VenueRecord } from './catalog-records.ts';
import { readCoordinates } from './coordinates.ts';
import { type ImportProblem, ImportRefused, parseFile } from './import-refused.ts';
import { problemOfStart, timeZoneNamed } from './kickoff.ts';
import { MAX_INTEGER, text } from './text-fields.ts';
import { repeated } from './world-cup-stadiums.ts';

const money = z.int().nonnegative().max(MAX_AMOUNT_MINOR);
const name = text({ atMost: 100 });
const venueFile = z.object({
  venue: z.object({
    name,
    address: text({ atMost: 300, hasLines: true }).optional(),
    city: name,
    countryCode: z.string().regex(/^[A-Z]{2}$/),
    coordinates: z.string().transform(readCoordinates),
    timeZone: z.string().transform(readTimeZone),
  }),
  organizer: z.object({ displayName: name, email: z.email().max(254) }),
  events: z.array(
    z.object({
      key: text({ atMost: 200 }),
      title: text({ atMost: 200 }),
      description: z.union([z.literal(''), text({ atMost: 10_000, hasLines: true })]),
      category: z.enum(['SPORT', 'CONCERT', 'THEATRE', 'COMEDY', 'FESTIVAL', 'FAMILY', 'CONFERENCE', 'OTHER']),
      performers: z.array(name),
      startsAt: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/, 'a local time such as 2026-09-19T14:00 is needed'),
      currency: z.string().refine(isCurrency, 'a currency of ISO 4217 in upper case, such as EUR, is needed'),
      popularity: z.int().nonnegative().max(MAX_INTEGER),
      prices: z.record(name, z.object({ priceMinor: money, feeMinor: money })),
    }),
  ),
});
function readTimeZone(name: string, context: z.RefinementCtx<string>): string {
  const known = timeZoneNamed(name);
  if (known) return known;
  context.addIssue({ code: 'custom', message: 'an IANA time zone such as Europe/Brussels is needed' });
  return z.NEVER;
}

type VenueFile = z.infer<typeof venueFile>;
type ChartText = { file: string; text: string };

/**
 * Part of the plan's id. The first reader of charts read nothing but sections with rows of plain seats, so a chart that
 * has anything else makes another plan now than it made then.
 */
const CHART_READER = 2;

export type ChartVenue = { venue: VenueRecord; plan: SeatingPlanDraft; warnings: readonly PlanProblem[] };

/** Reads the chart of one venue. Throws ImportRefused with all problems of the chart. */
export function parseChartVenue(chart: ChartText, about: ChartText): ChartVenue {
  const { plan, hasOnlyRows, warnings } = parseChart(chart);
  const { venue } = parseFile(about.file, about.text, venueFile);
  const hash = createHash('sha256').update(chart.text).digest('hex');
  const record: VenueRecord = {
    key: `venue/${venue.countryCode}/${venue.name}`,
    name: venue.name,
    address: venue.address ?? null,
    city: venue.city,
    countryCode: venue.countryCode,
    ...venue.coordinates,
    timeZone: venue.timeZone,
    capacity: plan.seats.x.length,
    planKey: hasOnlyRows ? `chart/${hash}` : `chart/${CHART_READER}/${hash}`,
    draftPlan: () => plan,
  };
  return { venue: record, plan, warnings };
}

function parseChart({ file, text }: ChartText) {
  const problems = new PlanProblems();
  const chart = readSeatsioPlan(text, problems);
  if (!chart || !problems.isEmpty)
    throw new ImportRefused(
      file,
      problems.list().map(({ path, message }) => ({ record: path, reason: message })),
    );
  return { plan: chart.draft, hasOnlyRows: chart.hasOnlyRows, warnings: problems.warnings };
}

/** Reads the events of that venue. Throws ImportRefused when one of them has a tier without a price. */
export function parseChartEvents(about: ChartText, venue: VenueRecord, plan: SeatingPlanDraft): EventFile {
  const { organizer, events } = parseFile(about.file, about.text, venueFile);
  const tiers = [...new Set([...plan.sections.map((section) => section.tierLabel), ...(plan.tiers ?? [])])];
  const named = events.map((event) => ({ record: `event ${event.key}`, event }));
  const problems: ImportProblem[] = repeated(named, ({ event }) => event.key, 'the key');
  for (const { record, event } of named) {
    for (const tier of tiers.filter((label) => !event.prices[label])) {
      problems.push({ record, reason: `no price for "${tier}"` });
    }
    const [date = '', time = ''] = event.startsAt.split('T');
    const reason = problemOfStart(date, time, venue.timeZone);
    if (reason) problems.push({ record, reason });
  }
  if (problems.length > 0) throw new ImportRefused(about.file, problems);
  return {
    file: about.file,
    source: venue.key,
    organizer: { key: `organizer/${organizer.displayName}`, ...organizer },
    events: events.map((event) => eventOf(event, venue)),
  };
}

function eventOf({ key, startsAt, prices, ...event }: VenueFile['events'][number], venue: VenueRecord): EventRecord {
  return {
    ...event,
    key: `event/${venue.name}/${key}`,
    keyAtVenue: key,
    venueKey: venue.key,
    startsLocal: startsAt,
    timeZone: venue.timeZone,
    prices: Object.entries(prices).map(([tier, price]) => ({ tier, ...price })),
  };
}
