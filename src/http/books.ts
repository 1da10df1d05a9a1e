import { hash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { listJournal, readStatement } from '#domain/payments/read-statement.ts';
import { recordPayout } from '#domain/payments/record-payout.ts';
import type { Incoming } from '#listener/http-listener.ts';
import { describeError } from '#observability/log.ts';
import { answerJson } from './answer.ts';
import { discardRest, readBytes } from './read-bytes.ts';

export type BooksNeeds = Parameters<typeof recordPayout>[0] & {
  /** Callers that send it as a bearer token are our own api processes. Without one the books are closed. */
  booksToken?: string | undefined;
  log: Record<'error', (fields: object, message: string) => void>;
};

const BODY = { maxBytes: 16 * 1024, withinMs: 5_000 };
/** Entries of one page of the journal. */
const PAGE = 1_000;

const instant = z.iso.datetime().transform((text) => new Date(text));
const payout = z.object({
  organizationId: z.uuid(),
  amountMinor: z.int().positive(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  reference: z.string().min(1),
  paidAt: instant,
  idempotencyKey: z.string().min(1),
  recordedBy: z.uuid(),
});
const period = z.object({
  organizationId: z.uuid(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  from: instant,
  to: instant,
});
const page = period.extend({
  enteredAt: z.string().max(40).optional(),
  entryId: z.uuid().optional(),
});

/**
 * The books of the payments service, for our api processes alone: `POST /books/payouts`, `GET /books/statement` and
 * `GET /books/journal`. The answer to a payout is sent after its commit. 401 without the token, 400 for a request that is not
 * one of ours, 503 when it could not be done now.
 */
export async function answerBooks(needs: BooksNeeds, incoming: Incoming): Promise<void> {
  const { request, response, url } = incoming;
  const { booksToken } = needs;
  const refuse = (status: number, error: string) => {
    answerJson(response, status, { error });
    discardRest(request);
  };
  if (booksToken === undefined) return refuse(404, 'NOT_FOUND');
  if (!isEqual(request.headers.authorization, `Bearer ${booksToken}`)) return refuse(401, 'UNAUTHORIZED');
  const route = `${request.method} ${url.pathname}`;
  const run = routes[route];
  if (!run) return refuse(404, 'NOT_FOUND');
  try {
    const asked = request.method === 'POST' ? await bodyOf(incoming) : Object.fromEntries(url.searchParams);
    answerJson(response, 200, await run(needs, asked));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return refuse(400, 'BAD_REQUEST');
    if (response.destroyed) return;
    needs.log.error({ route, ...describeError(error) }, 'books');
    refuse(503, 'TRY_AGAIN');
  }
}

const routes: Readonly<Record<string, (needs: BooksNeeds, asked: unknown) => Promise<unknown>>> = {
  'POST /books/payouts': (needs, asked) => recordPayout(needs, payout.parse(asked)),
  'GET /books/statement': (needs, asked) => readStatement(needs, period.parse(asked)),
  'GET /books/journal': (needs, asked) => {
    const { enteredAt, entryId, ...of } = page.parse(asked);
    const after = enteredAt !== undefined && entryId !== undefined ? { enteredAt, entryId } : undefined;
    return listJournal(needs, of, { after, limit: PAGE });
  },
};

async function bodyOf({ request }: Incoming): Promise<unknown> {
  const body = await readBytes(request, BODY);
  if (typeof body === 'string') throw new SyntaxError(`the body is ${body}`);
  return JSON.parse(Buffer.concat(body.parts, body.bytes).toString('utf8'));
}

/** In a time that says nothing about where the texts differ. */
const isEqual = (given: string | undefined, wanted: string): boolean =>
  timingSafeEqual(hash('sha256', given ?? '', 'buffer'), hash('sha256', wanted, 'buffer'));
