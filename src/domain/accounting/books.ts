import { z } from 'zod';
import { TryAgain } from '../errors.ts';

/** Where the payments service listens, and the token with which it opens its books. */
export type BooksConfig = { readonly url: string; readonly token: string };

const payout = z.object({
  id: z.string(),
  amountMinor: z.number(),
  currency: z.string(),
  reference: z.string(),
  paidAt: z.iso.datetime().transform((text) => new Date(text)),
  recordedAt: z.iso.datetime().transform((text) => new Date(text)),
});
const outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('RECORDED'), payout }),
  z.object({ kind: z.literal('TOO_LARGE'), availableMinor: z.number() }),
  z.object({ kind: z.literal('KEY_REUSED') }),
]);
const statement = z.object({
  openingMinor: z.number(),
  closingMinor: z.number(),
  heldMinor: z.number(),
  disputedMinor: z.number(),
  isFinal: z.boolean(),
  lines: z.array(z.object({ kind: z.string(), amountMinor: z.number(), count: z.number() })),
});
const cursor = z.object({ enteredAt: z.string(), entryId: z.string() });
const text = z.string().nullable();
const page = z.object({
  rows: z.array(
    z.object({
      ...{ entryId: z.string(), enteredAt: z.string(), occurredAt: z.string(), kind: z.string(), account: z.string() },
      ...{ name: text, amountMinor: z.number(), bookingId: text, seatNo: z.number().nullable() },
      ...{ refundId: text, reference: text },
    }),
  ),
  next: cursor.optional(),
});

export type Payout = z.infer<typeof payout>;
export type StatementFacts = z.infer<typeof statement>;
export type JournalPage = z.infer<typeof page>;
export type JournalCursor = z.infer<typeof cursor>;

export type Period = {
  readonly organizationId: string;
  readonly currency: string;
  readonly from: Date;
  readonly to: Date;
};

export type NewPayout = Pick<Period, 'organizationId' | 'currency'> & {
  readonly amountMinor: number;
  readonly reference: string;
  readonly paidAt: Date;
  readonly idempotencyKey: string;
  readonly recordedBy: string;
};

/** The books, which the payments service keeps. Each call throws TryAgain while that can't be asked. */
export type Books = {
  /** Resolves when the payout is committed, or refused. After TryAgain the same key returns the result. */
  recordPayout(request: NewPayout): Promise<z.infer<typeof outcome>>;
  readStatement(of: Period): Promise<StatementFacts>;
  listJournal(of: Period, after: JournalCursor | undefined): Promise<JournalPage>;
};

/** Shorter than the deadline of an operation, so that the caller gets TryAgain. */
const PATIENCE_MS = 4_000;
const RETRY_SECONDS = 2;

/** Opens the books at the payments service. Without a configuration they are closed: each call throws TryAgain. */
export function openBooks(config: BooksConfig | undefined): Books {
  const ask = async <T>(schema: z.ZodType<T>, path: string, body?: object): Promise<T> => {
    if (!config) throw away(new Error('BOOKS_TOKEN is not set'));
    try {
      const response = await fetch(new URL(path, config.url), {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${config.token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (!response.ok) throw new Error(`the payments service answered ${response.status}`);
      return schema.parse(await response.json());
    } catch (error) {
      throw away(error);
    }
  };
  return {
    recordPayout: (request) => ask(outcome, '/books/payouts', request),
    readStatement: (of) => ask(statement, `/books/statement?${queryOf(of)}`),
    listJournal: (of, after) => ask(page, `/books/journal?${queryOf(of, after)}`),
  };
}

const queryOf = ({ from, to, ...of }: Period, after: JournalCursor | undefined = undefined): URLSearchParams =>
  new URLSearchParams({ ...of, from: from.toISOString(), to: to.toISOString(), ...after });

const away = (cause: unknown): TryAgain =>
  new TryAgain(RETRY_SECONDS, {
    message: 'The books are not available at the moment. Try again with the same idempotency key.',
    cause,
  });
