/** An undefined limit does not apply. Without a policy no limit applies. */
export type HoardingPolicy = {
  /** Per viewer, over all events. */
  readonly maxSeatsPerViewer: number | undefined;
  /** Per address, over all events. */
  readonly maxSeatsPerAddress: number | undefined;
  /** Per address and event. */
  readonly addressShare: AddressShare | undefined;
  readonly coolDown: CoolDown | undefined;
};

/** An address may be a whole campus, so its limit is a share of the event's capacity, with a floor for small events. */
export type AddressShare = { readonly percent: number; readonly floor: number };

export type CoolDown = {
  /** How many holds may end unpaid before the first wait. */
  readonly freeEndings: number;
  /** The first wait; each further ending doubles it. */
  readonly seconds: number;
  readonly maxSeconds: number;
  /** After this time half of all endings are forgotten. */
  readonly halfLifeSeconds: number;
  /**
   * For each so many seats whose holds an address let end, minus those it paid for, its share of an event is halved.
   */
  readonly addressSeats: number;
};

/** Holds of a viewer, or seats of an address, that ended unpaid, as counted at one time. */
export type Strikes = { readonly count: number; readonly atMs: number };

export const NO_STRIKES: Strikes = { count: 0, atMs: 0 };

/** The times of two transactions may come in any order, so time never runs back. */
export function strikesAt({ count, atMs }: Strikes, nowMs: number, { halfLifeSeconds }: CoolDown): number {
  return count * 0.5 ** (Math.max(0, nowMs - atMs) / (halfLifeSeconds * 1000));
}

export function withOneMore(strikes: Strikes, nowMs: number, coolDown: CoolDown): Strikes {
  return { count: strikesAt(strikes, nowMs, coolDown) + 1, atMs: Math.max(nowMs, strikes.atMs) };
}

/** How long a viewer still has to wait; 0 when there is no wait. */
export function coolDownMs({ count, atMs }: Strikes, nowMs: number, coolDown: CoolDown): number {
  const over = count - coolDown.freeEndings;
  if (over <= 0) return 0;
  const seconds = Math.min(coolDown.maxSeconds, coolDown.seconds * 2 ** (over - 1));
  return Math.max(0, atMs + seconds * 1000 - nowMs);
}

/** How many seats an address may hold unpaid at an event of `capacity` seats. */
export function addressAllowance(
  { percent, floor }: AddressShare,
  capacity: number,
  { strikes, coolDown }: { strikes: number; coolDown: CoolDown | undefined },
): number {
  const halvings = coolDown ? Math.floor(strikes / coolDown.addressSeats) : 0;
  return Math.max(floor, Math.floor((capacity * percent) / 100 / 2 ** halvings));
}
