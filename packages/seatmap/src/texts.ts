/** Every text of the element. Each of the five languages has all of them. */
export type Texts = {
  readonly map: string;
  readonly mapHelp: string;
  readonly zoomIn: string;
  readonly zoomOut: string;
  readonly whole: string;
  readonly list: string;
  readonly showMap: string;
  readonly back: string;
  readonly section: string;
  readonly row: string;
  readonly seat: string;
  readonly place: string;
  readonly free: string;
  readonly from: string;
  readonly soldOut: string;
  readonly AVAILABLE: string;
  readonly HELD: string;
  readonly BOOKED: string;
  readonly BLOCKED: string;
  readonly selected: string;
  readonly yours: string;
  readonly chosen: string;
  readonly removed: string;
  readonly taken: string;
  readonly full: string;
  readonly single: string;
  readonly wheelchair: string;
  readonly companion: string;
  readonly restricted: string;
  readonly stepFree: string;
  readonly loading: string;
  readonly stale: string;
  readonly waiting: string;
  readonly failed: string;
  readonly general: string;
};

export const en: Texts = {
  map: 'Seat map',
  mapHelp: 'Arrow keys move the map, plus and minus zoom, 0 shows all of it. Every seat is in the list as well.',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  whole: 'Show the whole map',
  list: 'List of seats',
  showMap: 'Show the map',
  back: 'Back',
  section: 'Section {0}',
  row: 'Row {0}',
  seat: 'Seat {0}',
  place: 'Place {0}',
  free: '{0} free',
  from: 'from {0}',
  soldOut: 'sold out',
  AVAILABLE: 'available',
  HELD: 'held by another fan',
  BOOKED: 'sold',
  BLOCKED: 'not for sale',
  selected: 'chosen',
  yours: 'held for you',
  chosen: '{0} chosen. {1} in all.',
  removed: '{0} removed. {1} in all.',
  taken: '{0} was just taken by another fan.',
  full: 'You can choose up to {0} seats.',
  single: 'This leaves a single seat free. Please choose the seat beside it, or move by one.',
  wheelchair: 'wheelchair place',
  companion: 'companion seat',
  restricted: 'restricted view',
  stepFree: 'step-free',
  loading: 'The seat map is loading …',
  stale: 'The map may be some seconds old.',
  waiting: 'The connection is lost. Connecting again …',
  failed: 'The seat map cannot be shown.',
  general: 'Places without seats: say how many you want.',
};

/** Puts values in the places `{0}`, `{1}` of a text. */
export const fill = (text: string, ...values: (string | number)[]): string =>
  text.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));

/** Writes an amount as people of the language write it. */
export function moneyText(
  language: string,
  { amountMinor, currency, decimals }: { amountMinor: number; currency: string; decimals: number },
): string {
  const isWhole = amountMinor % 10 ** decimals === 0;
  const digits = isWhole ? 0 : decimals;
  return formatOf(language, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: Math.max(digits, isWhole ? 0 : decimals),
  }).format(amountMinor / 10 ** decimals);
}

export const countText = (language: string, count: number): string => formatOf(language, {}).format(count);

const formats = new Map<string, Intl.NumberFormat>();

/** Making a format takes longer than writing a hundred numbers with it, and each frame writes some for every section. */
function formatOf(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language} ${options.currency} ${options.maximumFractionDigits}`;
  const format = formats.get(key) ?? new Intl.NumberFormat(language, options);
  formats.set(key, format);
  return format;
}
