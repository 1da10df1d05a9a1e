import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { instant } from '../history.ts';
import type { Held, RushFan } from './rush-fan.ts';

export type Random = () => number;

export type Lane = {
  /** The same fan at each api process. */
  readonly fan: readonly RushFan[];
  readonly stranger: RushFan;
  /**
   * The event that is on sale now. Each is new, because holds that were extended after a late session keep their
   * seats.
   */
  readonly currentEvent: () => SeededEvent;
  readonly random: Random;
  readonly isOver: () => boolean;
};

/** A fan who wants one of few seats after the other, and acts with each like a real fan. */
export async function runLane(lane: Lane): Promise<void> {
  while (!lane.isOver()) {
    const { fan, random } = lane;
    const event = lane.currentEvent();
    const first = Math.floor(random() * event.seatCount);
    const seats = random() < 0.5 ? [first] : [first, (first + 1) % event.seatCount].sort((a, b) => a - b);
    const held = await holdOnce(lane, event, seats);
    if (held) await goOn(lane, held);
    else await sleep(5 + random() * 20);
    if (random() < 0.2) await at(fan, random).bookings();
    if (random() < 0.2) await at(fan, random).seatMap(event);
  }
}

const at = (fan: readonly RushFan[], random: Random): RushFan => {
  const chosen = fan[Math.floor(random() * fan.length)];
  if (!chosen) throw new Error('A fan without an api.');
  return chosen;
};

/** Sometimes to both processes at once; without an answer again, with the same key. */
async function holdOnce(
  { fan, random }: Lane,
  event: SeededEvent,
  seats: readonly number[],
): Promise<Held | undefined> {
  const key = randomUUID();
  const attempts = random() < 0.3 ? fan : [at(fan, random)];
  const answers = await Promise.all(attempts.map((one) => one.hold(event, seats, key)));
  const held = answers.find((answer) => answer !== undefined);
  if (held && random() < 0.15) await at(fan, random).hold(event, seats, key);
  if (held && random() < 0.1) await at(fan, random).hold(event, [(held.seats[0] ?? 0) === 0 ? 1 : 0], key);
  return held;
}

async function goOn(lane: Lane, held: Held): Promise<void> {
  const { fan, stranger, random } = lane;
  if (random() < 0.15) await stranger.cancel(held);
  const one = at(fan, random);
  const fate = random();
  if (fate < 0.3) await one.cancel(held);
  else if (fate < 0.55) await payAndPerhapsCancel(lane, held);
  else if (fate < 0.65) await one.decide(held, 'decline');
  else if (fate < 0.75) await one.decide(held, 'pay', () => until(held.endsAt - random() * 600));
  else {
    // Left alone until it is over, and then read.
    await until(held.endsAt + random() * 300);
    await one.look(held);
  }
}

async function payAndPerhapsCancel({ fan, random }: Lane, held: Held): Promise<void> {
  const one = at(fan, random);
  const seen = await one.decide(held, 'pay');
  if (seen?.status === 'CONFIRMED') await at(fan, random).cancel(held);
}

const until = (at: number): Promise<void> => sleep(Math.max(0, at - instant()));
