import { z } from 'zod';

const count = z.int().min(0).max(1_000_000).default(0);
const milliseconds = z.int().min(0).max(600_000).default(0);
/** 1 and up: that many next ones. Below 1: that share of them, by chance. */
const some = z
  .union([z.number().min(0).lt(1), z.int().min(1).max(1_000_000)], {
    error: 'must be a share below 1 or a whole number',
  })
  .default(0);

/** The faults that the gateway produces on purpose. An absent switch is off; counts go down as they are used. */
export const troubleSwitches = z.strictObject({
  /** Each new notice is sent this many ms later. */
  delayWebhooksMs: milliseconds,
  /** Each notice is sent this many more times, under the same event id. */
  duplicateWebhooks: z.int().min(0).max(10).default(0),
  /** 1 and up: that many next notices are never sent. Below 1: that share of the notices is never sent, by chance. */
  dropWebhooks: z
    .union([z.number().min(0).lt(1), z.int().min(1).max(1_000_000)], {
      error: 'dropWebhooks must be a share below 1 or a whole number',
    })
    .default(0),
  /** Notices are held until this many wait, then sent in reverse order. 0 is off. */
  reorderWebhooks: z.union([z.literal(0), z.int().min(2).max(100)]).default(0),
  /** This many next POSTs of the merchant are carried out and then answered with 500. */
  fail500AfterActing: count,
  /** This many next calls of the merchant are answered with 500 and not carried out. */
  failBeforeActing: count,
  /** Calls of the merchant are carried out at once but answered this many ms later. */
  hangMs: milliseconds,
  /** These next refunds that the merchant asks for fail at once. */
  failRefunds: some,
  /** These next refunds that the merchant asks for succeed, and fail `laterMs` later. */
  failRefundsLater: some,
  /** These next refunds that the merchant asks for are pending, and succeed `laterMs` later. */
  pendRefunds: some,
  /** Refunds that the merchant asks for are refused while less than this and their amount is left of a currency. 0 is off. */
  withholdMinor: z.int().min(0).max(999_999_999_999_999).default(0),
  /** Of these next payments a part goes back at the dashboard, `laterMs` after they were paid. */
  refundPartsAtDashboard: some,
  /** These next payments go back as a whole at the dashboard, `laterMs` after they were paid. */
  refundAtDashboard: some,
  /** A dispute of these next payments is opened `laterMs` after they were paid, and won as long after that. */
  disputesWon: some,
  /** A dispute of these next payments is opened `laterMs` after they were paid, and lost as long after that. */
  disputesLost: some,
  laterMs: z.int().min(0).max(600_000).default(1_000),
});

export type TroubleSwitches = z.infer<typeof troubleSwitches>;

type SomeSwitch =
  | 'dropWebhooks'
  | 'failRefunds'
  | 'failRefundsLater'
  | 'pendRefunds'
  | 'refundPartsAtDashboard'
  | 'refundAtDashboard'
  | 'disputesWon'
  | 'disputesLost';

/** The current switches. They are in memory only, so a restart turns all of them off. */
export class Trouble {
  #switches: TroubleSwitches;

  constructor(switches: TroubleSwitches = troubleSwitches.parse({})) {
    this.#switches = { ...switches };
  }

  get switches(): Readonly<TroubleSwitches> {
    return this.#switches;
  }

  set(switches: TroubleSwitches): void {
    this.#switches = { ...switches };
  }

  /** Decrements a counted switch; returns false when it is off. */
  take(name: 'fail500AfterActing' | 'failBeforeActing'): boolean {
    if (this.#switches[name] === 0) return false;
    this.#switches[name] -= 1;
    return true;
  }

  takeDrop(): boolean {
    return this.takeSome('dropWebhooks');
  }

  /** Decrements a switch that counts; by chance for one that is a share. */
  takeSome(name: SomeSwitch): boolean {
    const value = this.#switches[name];
    if (value < 1) return Math.random() < value;
    this.#switches[name] = value - 1;
    return true;
  }
}
