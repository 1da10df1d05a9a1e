import type { NoticeHeaders, OpenedSession, OpenSessionRequest, RecallingGateway } from '#domain/payments/gateway.ts';

export interface Delivered {
  readonly rawBody: Buffer;
  readonly headers: NoticeHeaders;
}

/** One provider with a fan at its payment page, a merchant's endpoint behind it, and failures on request. */
export interface GatewayWorld {
  readonly secret: string;
  open(options?: { secrets?: readonly string[]; timeoutMs?: number; apiKey?: string }): RecallingGateway;
  pay(session: OpenedSession): Promise<void>;
  decline(session: OpenedSession): Promise<void>;
  /** The gateway's notice that this booking was paid, declined, expired or refunded. */
  notice(bookingId: string, about: 'paid' | 'declined' | 'expired' | 'refunded'): Promise<Delivered>;
  sign(rawBody: Buffer, secret: string, at: Date): NoticeHeaders;
  trouble(switches: { fail500AfterActing?: number; failBeforeActing?: number; hangMs?: number }): Promise<void>;
  close(): Promise<void>;
}

export function sessionRequest(bookingId: string, changes: Partial<OpenSessionRequest> = {}): OpenSessionRequest {
  return {
    bookingId,
    eventId: 'event-1',
    amountMinor: 30_500,
    currency: 'USD',
    description: 'Mexico – South Africa',
    lines: [
      { label: 'Section 101, row A, seat 1', amountMinor: 15_000 },
      { label: 'Section 101, row A, seat 2', amountMinor: 15_000 },
      { label: 'Fees', amountMinor: 500 },
    ],
    expiresAt: new Date(Math.floor(Date.now() / 1000) * 1000 + 450_000),
    heldUntil: new Date(Math.floor(Date.now() / 1000) * 1000 + 300_000),
    successUrl: 'http://localhost:4000/bookings',
    idempotencyKey: `session:${bookingId}`,
    ...changes,
  };
}

/** Returns the error of the call; throws when the call succeeds. */
export const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => {
      throw new Error('The call was expected to fail.');
    },
    (error: unknown) => error,
  );
