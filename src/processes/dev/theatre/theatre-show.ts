/** What the demo's theatre is and what it plays, as the inputs of the mutations that make it. */
export const theatre = {
  organization: { name: 'Teatro Municipal', countryCode: 'PE' },
  venue: {
    name: 'Teatro Municipal de Lima',
    address: 'Jirón Ica 377',
    city: 'Lima',
    countryCode: 'PE',
    timeZone: 'America/Lima',
    location: { latitude: -12.0453, longitude: -77.0354 },
  },
  plan: 'Main hall',
  title: 'Ollantay',
  presaleCode: 'OLLANTAY-AMIGOS',
} as const;

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const PERFORMANCES = 6;
/** Lima is five hours behind UTC all year, so eight in the evening is one o'clock of the next day. */
const STARTS_AT_HOUR_UTC = 25;
const SATURDAY = 6;

/** The first Saturday evening that is at least thirty days ahead. */
export function firstPerformance(now: Date): Date {
  const day = new Date(now.getTime() + 30 * DAY_MS);
  day.setUTCHours(0, 0, 0, 0);
  day.setUTCDate(day.getUTCDate() + ((SATURDAY - day.getUTCDay() + 7) % 7));
  return new Date(day.getTime() + STARTS_AT_HOUR_UTC * 3_600_000);
}

/** The starts of the whole season, one a week from the first on. */
export const seasonFrom = (first: Date): Date[] =>
  Array.from({ length: PERFORMANCES }, (_, week) => new Date(first.getTime() + week * WEEK_MS));

/** The event of the first performance. Every performance is on sale from the beginning, because copies keep the distance. */
export function showInput(first: Date) {
  const from = (ms: number) => new Date(first.getTime() + ms).toISOString();
  return {
    title: theatre.title,
    description:
      'The drama of the Inca general who loves the daughter of his king, in Quechua with Spanish and English surtitles. Two hours and a quarter with one interval.',
    category: 'THEATRE',
    performers: ['Elenco del Teatro Municipal'],
    currency: 'PEN',
    startsAt: first.toISOString(),
    doorsAt: from(-3_600_000),
    endsAt: from(2.25 * 3_600_000),
    onSaleAt: from(-120 * DAY_MS),
    offSaleAt: from(-3_600_000),
    cancellableUntil: from(-2 * DAY_MS),
    idempotencyKey: 'demo/ollantay',
  };
}

export type Section = { readonly id: string; readonly label: string };

/** Two price levels, three ticket types, two fees, and the tax of Peru, which the prices contain. */
export function pricesInput(sections: readonly Section[]) {
  const stalls = idOf(sections, 'Stalls');
  const amounts = (full: number, child: number, student: number) => [
    { ticketType: 'full', amountMinor: full },
    { ticketType: 'child', amountMinor: child },
    { ticketType: 'student', amountMinor: student },
  ];
  return {
    ticketTypes: [
      { key: 'full', name: 'Full price' },
      { key: 'child', name: 'Child up to 12', maxPerBooking: 6 },
      { key: 'student', name: 'Student', maxPerBooking: 2 },
    ],
    priceLevels: [
      {
        key: 'standard',
        name: 'Standard',
        color: '#7a8794',
        seats: { sectionIds: sections.map(({ id }) => id) },
        prices: amounts(4_500, 2_000, 3_000),
      },
      {
        key: 'premium',
        name: 'Premium',
        color: '#b8860b',
        seats: {
          rows: [...'ABCDEFGHIJ'].map((row) => ({ sectionId: stalls, row })),
          sectionIds: [idOf(sections, 'Boxes 1 left'), idOf(sections, 'Boxes 1 right')],
        },
        prices: amounts(12_000, 6_000, 9_000),
      },
    ],
    fees: [
      { name: 'Service', percent: '5', refundable: false },
      { name: 'Preservation of the theatre', perTicketMinor: 200, refundable: true },
    ],
    taxes: [{ name: 'IGV', percent: '18', appliesTo: 'ALL', inclusive: true }],
  };
}

/** Two boxes are never for the public, and the first rows only later: until then a code opens them. */
export function allocationsAt(startsAt: Date, sections: readonly Section[]) {
  const releaseAt = new Date(startsAt.getTime() - 14 * DAY_MS);
  const stalls = idOf(sections, 'Stalls');
  const boxes = [
    { sectionId: idOf(sections, 'Boxes 1 left'), row: 'Box 1' },
    { sectionId: idOf(sections, 'Boxes 1 right'), row: 'Box 6' },
  ];
  const rows = [...'ABC'].map((row) => ({ sectionId: stalls, row }));
  return {
    house: {
      allocation: 'House',
      reason: 'Guests of the theatre and the press',
      releaseAt: null,
      seats: { rows: boxes },
    },
    presale: { allocation: 'Presale', reason: 'Friends of the theatre choose first', releaseAt, seats: { rows } },
    code: { codes: [theatre.presaleCode], opens: ['Presale'], usesPerCode: 500, validUntil: releaseAt },
  };
}

/** @throws Error when the plan has no section with this label */
export function idOf(sections: readonly Section[], wanted: string): string {
  const found = sections.find(({ label }) => label === wanted);
  if (!found) throw new Error(`The seating plan has no section "${wanted}".`);
  return found.id;
}
