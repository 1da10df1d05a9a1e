import type { GatewayMovement, MovementKind } from './gateway.ts';

/** A movement of money at the gateway as our journal has it. */
export type OurMovement = {
  readonly kind: MovementKind;
  readonly bookingId: string;
  /** Each name that the gateway may use for it; the first is shown. */
  readonly names: readonly string[];
  readonly amountMinor: number;
  readonly currency: string;
  readonly at: Date;
};

/** A refund whose entry is not made yet, or which the gateway has sent back before it was made. */
export type UnfinishedRefund = {
  readonly names: readonly string[];
  readonly state: 'PENDING' | 'FAILED_AT_GATEWAY';
};

export type Difference = {
  readonly kind: 'MISSING_HERE' | 'MISSING_AT_GATEWAY' | 'OTHER_AMOUNT';
  readonly movement: MovementKind;
  readonly reference: string;
  readonly bookingId: string | undefined;
  readonly ours: Money | undefined;
  readonly gateway: Money | undefined;
  readonly at: Date;
};
export type Money = { readonly amountMinor: number; readonly currency: string };

/** `fromMs` and later, before `toMs`. What is younger than `settledMs` may not be known to both sides yet. */
export type Period = { readonly fromMs: number; readonly toMs: number; readonly settledMs: number };

export type Books = {
  /** Of the period, and of some time around it. */
  readonly gateway: readonly GatewayMovement[];
  readonly ours: readonly OurMovement[];
  readonly unfinished: readonly UnfinishedRefund[];
};

type Sum = { readonly movement: MovementKind; readonly currency: string; ourMinor: number; gatewayMinor: number };

export type Comparison = {
  readonly differences: readonly Difference[];
  /** Per kind and currency, without what is under way. */
  readonly sums: readonly Sum[];
  readonly fees: readonly Money[];
  /** How many movements of the period are not compared yet. */
  readonly underWay: number;
};

/** What we have of a movement of the gateway's. A payment has one capture, so that its booking names it as well. */
const namesOf = ({ kind, reference, key, bookingId, paymentReference }: GatewayMovement): string[] => [
  ...[reference, ...(key === undefined ? [] : [key])].map((name) => `${kind} ${name}`),
  ...(kind === 'CAPTURE' && paymentReference !== undefined ? [`${kind} booking:${bookingId}`] : []),
];

const ourNamesOf = ({ kind, names }: OurMovement): string[] => names.map((name) => `${kind} ${name}`);

/**
 * Compares what the gateway did in a period with our journal, by reference: the two sides may have entered a movement on
 * different sides of midnight.
 */
export function compareBooks(books: Books, period: Period): Comparison {
  const { matches, onlyOurs } = match(books);
  const isIn = (at: Date) => at.getTime() >= period.fromMs && at.getTime() < period.toMs;
  const isYoung = (at: Date) => at.getTime() >= period.settledMs;
  const cancelled = pairsOf([...onlyOurs, ...matches.filter(({ ours }) => !ours).map(({ gateway }) => gateway)]);
  const waiting = refundStates(books.unfinished);
  const seen = matches.filter(({ gateway }) => isIn(gateway.at));
  const lacking = onlyOurs.filter((ours) => isIn(ours.at) && !cancelled.has(pairName(ours)));
  const isLeftOut = ({ gateway, ours }: Match) =>
    !ours && (waiting.has(gateway.reference) || waiting.has(gateway.key ?? '') || cancelled.has(pairName(gateway)));
  const compared = seen.filter((one) => !isLeftOut(one) && (one.ours || !isYoung(one.gateway.at)));
  const missing = lacking.filter(({ at }) => !isYoung(at));
  const underWay =
    seen.filter(({ gateway, ours }) => !ours && (isYoung(gateway.at) || waiting.get(gateway.reference) === 'PENDING'))
      .length +
    lacking.length -
    missing.length;
  const both: Pair[] = [...compared, ...missing.map((ours) => ({ ours, gateway: undefined }))];
  return {
    differences: both.flatMap(differenceOf),
    sums: sumsOf(both),
    fees: feesOf(seen.map(({ gateway }) => gateway)),
    underWay,
  };
}

type Match = { readonly gateway: GatewayMovement; readonly ours: OurMovement | undefined };
type Pair = { readonly gateway: GatewayMovement | undefined; readonly ours: OurMovement | undefined };

function match({ gateway, ours }: Books): { matches: Match[]; onlyOurs: OurMovement[] } {
  const byName = new Map(ours.flatMap((one) => ourNamesOf(one).map((name) => [name, one] as const)));
  const free = new Set(ours);
  const matches = gateway.map((movement) => {
    const found = namesOf(movement)
      .map((name) => byName.get(name))
      .find((one) => one !== undefined && free.has(one));
    if (found) free.delete(found);
    return { gateway: movement, ours: found };
  });
  return { matches, onlyOurs: [...free] };
}

const back: Readonly<Partial<Record<MovementKind, MovementKind>>> = {
  REFUND_RETURNED: 'REFUND',
  DISPUTE_RETURNED: 'DISPUTE_WITHDRAWN',
};

type Named = GatewayMovement | OurMovement;
const side = (one: Named): string => ('names' in one ? 'ours' : 'gateway');
const pairName = (one: Named): string =>
  `${side(one)} ${back[one.kind] ?? one.kind} ${'names' in one ? one.names[0] : one.reference}`;

/** Names what one side has twice, there and back, and the other side not at all: no money moved in the end. */
function pairsOf(alone: readonly Named[]): ReadonlySet<string> {
  const kinds = new Map<string, Set<MovementKind>>();
  for (const one of alone) kinds.set(pairName(one), (kinds.get(pairName(one)) ?? new Set()).add(one.kind));
  return new Set([...kinds].filter(([, found]) => found.size === 2).map(([name]) => name));
}

function refundStates(unfinished: readonly UnfinishedRefund[]): Map<string, UnfinishedRefund['state']> {
  return new Map(unfinished.flatMap(({ names, state }) => names.map((name) => [name, state] as const)));
}

function differenceOf({ gateway, ours }: Pair): Difference[] {
  const money = (one: Money | undefined) => one && { amountMinor: one.amountMinor, currency: one.currency };
  const isSame = gateway?.amountMinor === ours?.amountMinor && gateway?.currency === ours?.currency;
  const first = gateway ?? ours;
  if (isSame || !first) return [];
  const kind = ours && gateway ? 'OTHER_AMOUNT' : missing(ours);
  const reference = gateway?.reference ?? ours?.names[0] ?? '';
  const bookingId = ours?.bookingId ?? gateway?.bookingId;
  const amounts = { ours: money(ours), gateway: money(gateway) };
  return [{ kind, movement: first.kind, reference, bookingId, ...amounts, at: first.at }];
}

const missing = (ours: OurMovement | undefined) => (ours ? 'MISSING_AT_GATEWAY' : 'MISSING_HERE');

function sumsOf(pairs: readonly Pair[]): Sum[] {
  const sums = new Map<string, Sum>();
  const of = ({ kind, currency }: Named): Sum => {
    const name = `${currency} ${kind}`;
    const sum = sums.get(name) ?? { movement: kind, currency, ourMinor: 0, gatewayMinor: 0 };
    sums.set(name, sum);
    return sum;
  };
  for (const { ours, gateway } of pairs) {
    if (ours) of(ours).ourMinor += ours.amountMinor;
    if (gateway) of(gateway).gatewayMinor += gateway.amountMinor;
  }
  return [...sums.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

function feesOf(movements: readonly GatewayMovement[]): Money[] {
  const fees = new Map<string, number>();
  for (const { fee } of movements) if (fee) fees.set(fee.currency, (fees.get(fee.currency) ?? 0) + fee.amountMinor);
  return [...fees].map(([currency, amountMinor]) => ({ currency, amountMinor }));
}
