import type { Credit } from '#db/payments/tables.ts';
import type { SplitLine } from '#events/contracts.ts';

/**
 * Returns what these lines credit, without amounts of zero: the sum is their total. A tax that an amount contains is
 * taken out of it: what is on fees out of the fees, the rest out of the face price.
 */
export function creditsOf(split: readonly SplitLine[]): Credit[] {
  return split.flatMap(creditsOfLine).filter(({ minor }) => minor !== 0);
}

function creditsOfLine({ seatNo, faceMinor, fees, taxes }: SplitLine): Credit[] {
  const of = seatNo === null ? {} : { seat: seatNo };
  const contained = taxes.filter(([, , inclusive]) => inclusive);
  const inFees = contained.reduce((sum, [, , , ofFees]) => sum + ofFees, 0);
  const inFace = contained.reduce((sum, [, minor, , ofFees]) => sum + minor - ofFees, 0);
  let left = inFees;
  const ofFees = fees.map(([name, minor]): Credit => {
    const taken = Math.min(left, minor);
    left -= taken;
    return { account: 'fees', name, minor: minor - taken, ...of };
  });
  return [
    { account: 'organizer_payable', minor: faceMinor - inFace - left, ...of },
    ...ofFees,
    ...taxes.map(([name, minor]): Credit => ({ account: 'tax_payable', name, minor, ...of })),
  ];
}

/** A line of a capture, and how much of it is not refunded. */
export type RefundableLine = {
  readonly lineNo: number;
  readonly account: string;
  readonly name: string | null;
  readonly seatNo: number | null;
  readonly paidMinor: number;
  readonly leftMinor: number;
};

export type LineRefund = { readonly lineNo: number; readonly minor: number };

/**
 * Takes each part from the line of its account, name and seat; and what such a line no longer has, or never had, from
 * the others of the booking, those of the seat first. Never takes more than is left in all.
 */
export function takeParts(lines: readonly RefundableLine[], parts: readonly Credit[]): LineRefund[] {
  const left = new Map(lines.map(({ lineNo, leftMinor }) => [lineNo, leftMinor]));
  const taken = new Map<number, number>();
  const take = (from: readonly RefundableLine[], wanted: number): number => {
    let missing = wanted;
    for (const { lineNo } of from) {
      const minor = Math.min(missing, left.get(lineNo) ?? 0);
      if (minor <= 0) continue;
      left.set(lineNo, (left.get(lineNo) ?? 0) - minor);
      taken.set(lineNo, (taken.get(lineNo) ?? 0) + minor);
      missing -= minor;
    }
    return missing;
  };
  const missing = parts.map((part) => ({ part, minor: take(lines.filter(isOf(part)), part.minor) }));
  for (const { part, minor } of missing) {
    const seat = part.seat ?? null;
    const others = lines.toSorted(
      (a, b) => Number(b.seatNo === seat) - Number(a.seatNo === seat) || a.lineNo - b.lineNo,
    );
    take(others, minor);
  }
  return [...taken].map(([lineNo, minor]) => ({ lineNo, minor }));
}

const isOf =
  ({ account, name, seat }: Credit) =>
  (line: RefundableLine): boolean =>
    line.account === account && line.name === (name ?? null) && line.seatNo === (seat ?? null);

/** Returns the parts of an amount of which only the sum is known: a share of each line, cumulative, so the parts add up to it. */
export function shareOut(lines: readonly RefundableLine[], amountMinor: number): LineRefund[] {
  const all = lines.reduce((sum, { leftMinor }) => sum + leftMinor, 0);
  const wanted = BigInt(Math.min(amountMinor, all));
  let [seen, before] = [0n, 0n];
  return lines.flatMap(({ lineNo, leftMinor }) => {
    seen += BigInt(leftMinor);
    const upTo = all === 0 ? 0n : (wanted * seen) / BigInt(all);
    const minor = Number(upTo - before);
    before = upTo;
    return minor > 0 ? [{ lineNo, minor }] : [];
  });
}

/** Returns the lines of an amount that leaves as much of the fees as it can. */
export function takeFeesLast(lines: readonly RefundableLine[], amountMinor: number): LineRefund[] {
  let missing = amountMinor;
  const inOrder = lines.toSorted((a, b) => Number(a.account === 'fees') - Number(b.account === 'fees'));
  return inOrder.flatMap(({ lineNo, leftMinor }) => {
    const minor = Math.min(missing, leftMinor);
    missing -= minor;
    return minor > 0 ? [{ lineNo, minor }] : [];
  });
}
