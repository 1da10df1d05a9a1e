import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumption, type Delivered, DependencyAway, type Message, Unhandleable } from './log.ts';

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 50;

export type Delivery =
  | { outcome: 'handled' }
  | { outcome: 'park'; reason: string }
  | { outcome: 'later'; error: unknown };

/**
 * Delivers one message, up to three times, unless its handler reports that it waits for something or that no try will
 * help. The log that keeps the position decides what the result means.
 */
export async function deliver(
  consumption: Consumption,
  message: Message,
  delivered: Delivered = { isReplayed: false },
): Promise<Delivery> {
  for (let attempt = 1; ; attempt++) {
    try {
      await consumption.handle(message, delivered);
      return { outcome: 'handled' };
    } catch (error) {
      if (error instanceof DependencyAway) {
        consumption.onTrouble({ kind: 'away', error, message });
        return { outcome: 'later', error };
      }
      if (attempt === ATTEMPTS || error instanceof Unhandleable) {
        consumption.onTrouble({ kind: 'parked', error, message });
        return { outcome: 'park', reason: error instanceof Error ? error.message : String(error) };
      }
      consumption.onTrouble({ kind: 'retry', error, message });
      await sleep(FIRST_PAUSE_MS * 4 ** (attempt - 1));
    }
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Hands over as many of the messages as possible in sets. A set that fails is cut in half, so that one message cannot
 * hold up the others. Returns the ids of those that are handled: of each key the first ones. The others have had no
 * effect, or are recognized when they are delivered again.
 */
export async function deliverTogether(
  consumption: Consumption,
  messages: readonly Message[],
): Promise<ReadonlySet<string>> {
  if (!consumption.handleTogether || messages.length === 0) return NOTHING;
  try {
    return await consumption.handleTogether(messages);
  } catch (error) {
    if (error instanceof DependencyAway || messages.length === 1) return NOTHING;
  }
  const middle = messages.length >> 1;
  const first = messages.slice(0, middle);
  const handled = await deliverTogether(consumption, first);
  const stuck = new Set(first.filter(({ id }) => !handled.has(id)).map(({ key }) => key));
  const second = messages.slice(middle).filter(({ key }) => !stuck.has(key));
  return new Set([...handled, ...(await deliverTogether(consumption, second))]);
}

/** In order within a key; the keys concurrently. Returns the result of each message, by id. */
export async function deliverByKey(
  messages: readonly Message[],
  deliverOne: (message: Message) => Promise<Delivery>,
): Promise<Map<string, Delivery>> {
  const outcomes = new Map<string, Delivery>();
  const lanes = Map.groupBy(messages, (message) => message.key);
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      for (const message of lane) {
        const delivery = await deliverOne(message);
        outcomes.set(message.id, delivery);
        // Later messages of this key must wait for the one that did not pass.
        if (delivery.outcome === 'later') break;
      }
    }),
  );
  return outcomes;
}
