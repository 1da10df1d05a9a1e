/** The same numbers for the same seed, in [0, 1). */
export type Chance = () => number;

const exponential = (chance: Chance, mean: number) => -mean * Math.log(1 - chance());

export const NEVER = 2_000_000_000;

/** Accounts from 0; instants are seconds since the room opened. */
export type Crowd = {
  readonly fans: number;
  readonly isBot: Uint8Array;
  /** When an account gives up waiting, or NEVER. */
  readonly leavesAt: Int32Array;
  /** Whether it calls leaveWaitingRoom when it leaves. */
  readonly saysSo: Uint8Array;
  /**
   * All calls of joinWaitingRoom by time: those of second s are `callers[starts[s]]` to `callers[starts[s + 1] -
   * 1]`.
   */
  readonly callers: Int32Array;
  readonly starts: Int32Array;
};

const BOT_SHARE = 0.05;
const LATE_SHARE = 0.2;
const LEAVING_SHARE = 0.3;
const CALLS_OF_A_BOT = 15;

/**
 * A twentieth are bots: they come in the first seconds, never give up, and call join ten times as often as people
 * do. A fifth joins after the draw; three in ten people give up at some time, half of them silently.
 */
export function gatherCrowd({
  fans,
  drawAt,
  lastsAbout,
  chance,
}: {
  fans: number;
  drawAt: number;
  /** The expected duration of the on-sale: late joiners, reconnects and departures are spread over it. */
  lastsAbout: number;
  chance: Chance;
}): Crowd {
  const isBot = new Uint8Array(fans);
  const saysSo = new Uint8Array(fans);
  const leavesAt = new Int32Array(fans).fill(NEVER);
  const calls = new Calls(drawAt + lastsAbout, fans * 3);
  const callBot = (account: number) => {
    isBot[account] = 1;
    calls.add(chance() * 5, account);
    for (let call = 1; call < CALLS_OF_A_BOT; call++) calls.add(chance() * drawAt, account);
  };
  const callPerson = (account: number) => {
    const joinsAt = joiningTime(chance, drawAt, lastsAbout);
    calls.add(joinsAt, account);
    // A reconnect, a second tab, or an impatient tap.
    if (chance() < 0.25) calls.add(joinsAt + exponential(chance, 60), account);
    if (chance() < 0.25) calls.add(joinsAt + chance() * lastsAbout, account);
    if (chance() >= LEAVING_SHARE) return;
    leavesAt[account] = Math.floor(joinsAt + exponential(chance, lastsAbout * 0.4));
    saysSo[account] = chance() < 0.5 ? 1 : 0;
  };
  for (let account = 0; account < fans; account++) {
    if (chance() < BOT_SHARE) callBot(account);
    else callPerson(account);
  }
  return { fans, isBot, leavesAt, saysSo, ...calls.byTime() };
}

/** Many at the opening and shortly before the draw, the others evenly between. */
function joiningTime(chance: Chance, drawAt: number, lastsAbout: number): number {
  if (chance() < LATE_SHARE) return drawAt + chance() * lastsAbout * 0.5;
  const kind = chance();
  if (kind < 0.3) return Math.min(drawAt - 1, exponential(chance, 30));
  return kind < 0.5 ? drawAt - 1 - Math.min(drawAt - 1, exponential(chance, 60)) : chance() * drawAt;
}

class Calls {
  readonly #until: number;
  #seconds: Int32Array;
  #accounts: Int32Array;
  #size = 0;

  constructor(until: number, expected: number) {
    this.#until = until;
    this.#seconds = new Int32Array(expected);
    this.#accounts = new Int32Array(expected);
  }

  add(second: number, account: number): void {
    if (this.#size === this.#seconds.length) {
      this.#seconds = doubled(this.#seconds);
      this.#accounts = doubled(this.#accounts);
    }
    this.#seconds[this.#size] = Math.min(this.#until, Math.floor(second));
    this.#accounts[this.#size] = account;
    this.#size += 1;
  }

  byTime(): Pick<Crowd, 'callers' | 'starts'> {
    const starts = new Int32Array(this.#until + 2);
    for (let call = 0; call < this.#size; call++) add(starts, (this.#seconds[call] ?? 0) + 1, 1);
    for (let second = 1; second < starts.length; second++) add(starts, second, starts[second - 1] ?? 0);
    const next = starts.slice();
    const callers = new Int32Array(this.#size);
    for (let call = 0; call < this.#size; call++) {
      const second = this.#seconds[call] ?? 0;
      callers[next[second] ?? 0] = this.#accounts[call] ?? 0;
      add(next, second, 1);
    }
    return { callers, starts };
  }
}

const add = (numbers: Int32Array, index: number, value: number): void => {
  numbers[index] = (numbers[index] ?? 0) + value;
};

const doubled = (numbers: Int32Array): Int32Array => {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
};

const GRACE_SHARE_OF_LATE = 0.97;

/**
 * Seconds until a fan whose turn it is comes, or undefined when the fan does not. Few of those who come are too
 * late.
 */
export function comingAfter(chance: Chance, isBot: boolean): number | undefined {
  if (isBot) return 1;
  if (chance() < 0.15) return undefined;
  return 1 + Math.floor(exponential(chance, chance() < GRACE_SHARE_OF_LATE ? 10 : 60));
}

/** Seconds that a session lasts: the fan bought, looked around and left, or fell silent. */
export function stayingFor(chance: Chance, silentAfter: number): number {
  const kind = chance();
  if (kind < 0.6) return 20 + Math.floor(exponential(chance, 110) + exponential(chance, 110));
  if (kind < 0.85) return 5 + Math.floor(exponential(chance, 120));
  return Math.floor(exponential(chance, 60)) + silentAfter;
}
