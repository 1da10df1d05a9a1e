/** What a waiting room gave the fan for an event: the receipt of the place, and the admission while it is good. */
export type Passes = {
  readonly place?: string;
  readonly admission?: string;
  /** The commitment of the draw, as it was seen before the draw. */
  readonly commitment?: string;
};

const KEY = 'frontrow.passes';

/** The event that the fan looks at: its passes are sent with each request. */
let shownEvent: string | undefined;

export const showEvent = (eventId: string | undefined): void => {
  shownEvent = eventId;
};

export function passesOf(eventId: string | undefined = shownEvent): Passes {
  if (!eventId) return {};
  return readAll()[eventId] ?? {};
}

export function keepPasses(eventId: string, passes: Passes): void {
  sessionStorage.setItem(KEY, JSON.stringify({ ...readAll(), [eventId]: passes }));
}

function readAll(): Record<string, Passes> {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
  } catch {
    return {};
  }
}
