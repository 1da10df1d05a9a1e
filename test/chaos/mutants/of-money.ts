import type { Mutant } from './mutant.ts';

const disputes = 'src/domain/payments/record-dispute.ts';
const lines = 'src/domain/payments/credit-lines.ts';
const refunds = 'src/domain/payments/refund-statements.ts';
const seen = 'src/domain/payments/gateway-refunds.ts';
const plant = (...[name, bug, file, find, replace]: readonly [string, string, string, string, string]): Mutant => ({
  ...{ name, bug, vehicle: 'money' },
  edits: [{ file, find, replace }],
});

/** Bugs in the rules of money, for the simulation of many payments. */
export const moneyMutants: readonly Mutant[] = [
  plant(
    'repeated-dispute-entered',
    'a repeated notice of a dispute is entered again',
    disputes,
    '!isOver(before) && before !== seen && !',
    '!',
  ),
  plant(
    'lost-dispute-not-entered',
    'a dispute that is lost leaves its money with the organizer',
    disputes,
    'const steps: DisputeStep[] = takes(before) ?',
    "const steps: DisputeStep[] = takes(before) || status === 'LOST' ?",
  ),
  plant(
    'shares-rounded-alone',
    'each share of a refund is rounded without those before it',
    lines,
    'const upTo = all === 0 ? 0n : (wanted * seen) / BigInt(all);',
    'const upTo = all === 0 ? 0n : before + (wanted * BigInt(leftMinor)) / BigInt(all);',
  ),
  plant(
    'failed-refund-not-undone',
    'a refund that the bank sent back stays in the journal',
    refunds,
    'lines.map((line) => ({ ...line, minor: -line.minor }));',
    'lines.map((line) => ({ ...line, minor: 0 }));',
  ),
  plant(
    'dashboard-refund-ignored',
    'a refund of the dashboard is taken for an earlier one',
    seen,
    'all.find(({ gatewayReference }) => gatewayReference === seen.refundReference) ??',
    'all.find(({ gatewayReference }) => gatewayReference === seen.refundReference || seen.key === undefined) ??',
  ),
  plant(
    'more-refunded-than-paid',
    'a part takes more of a line than is left of it',
    lines,
    'Math.min(missing, left.get(lineNo) ?? 0);',
    'missing;',
  ),
  plant(
    'contained-tax-paid-twice',
    'a tax that a price contains is credited beside it',
    lines,
    'minor: faceMinor - inFace - left,',
    'minor: faceMinor - left,',
  ),
  plant(
    'given-up-refund-forgotten',
    'a refund that we gave up and the gateway made is not entered',
    seen,
    "ours.failureReason !== 'GATEWAY_FAILED' &&",
    'false &&',
  ),
];
