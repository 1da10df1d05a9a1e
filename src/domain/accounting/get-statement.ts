import { isCurrency } from '../currency-rules.ts';
import { InvalidInput } from '../errors.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import type { Books, Period, StatementFacts } from './books.ts';

type Needs = { readonly rights: Pick<Rights, 'requireRight'>; readonly books: Pick<Books, 'readStatement'> };

export const statementKinds = [
  'ONLINE_SALE',
  'BOX_OFFICE_SALE',
  'REFUND',
  'REFUND_FAILED',
  'BOX_OFFICE_REFUND',
  'DISPUTE_LOST',
  'PAYOUT',
] as const;
export type StatementKind = (typeof statementKinds)[number];

/** The kinds of journal entries that change what is owed to an organizer. */
const KIND_OF_ENTRY: Readonly<Record<string, StatementKind>> = {
  CAPTURE: 'ONLINE_SALE',
  SALE: 'BOX_OFFICE_SALE',
  REFUND_ASKED: 'REFUND',
  REFUND_UNDONE: 'REFUND_FAILED',
  SALE_REFUND: 'BOX_OFFICE_REFUND',
  DISPUTE_LOST: 'DISPUTE_LOST',
  PAYOUT: 'PAYOUT',
};

/** Amounts are in minor units of `currency`; positive: owed to the organizer. */
export type Statement = Omit<StatementFacts, 'lines'> &
  Pick<Period, 'currency'> & {
    readonly lines: readonly { readonly kind: StatementKind; readonly amountMinor: number; readonly count: number }[];
  };

/** Throws InvalidInput for a period that ends before it begins, and for a code that is not a currency. */
export function requirePeriod(of: Period): void {
  if (of.to <= of.from) throw new InvalidInput('to', 'The period must end after it begins.');
  if (!isCurrency(of.currency))
    throw new InvalidInput('currency', 'This is not a code of ISO 4217 in upper case, such as EUR.');
}

/** The statement of an organization. Throws NotAllowed, NotFound, InvalidInput, and TryAgain while the books are away. */
export async function getStatement({ rights, books }: Needs, actor: Actor, of: Period): Promise<Statement> {
  const { organizationId, currency } = of;
  await rights.requireRight({ actor, operation: 'Organization.statement', organizationId });
  requirePeriod(of);
  const { lines, ...facts } = await books.readStatement(of);
  const known = lines.flatMap(({ kind, ...line }) => {
    const named = KIND_OF_ENTRY[kind];
    return named ? [{ kind: named, ...line }] : [];
  });
  return {
    ...facts,
    currency,
    lines: known.toSorted((a, b) => statementKinds.indexOf(a.kind) - statementKinds.indexOf(b.kind)),
  };
}
