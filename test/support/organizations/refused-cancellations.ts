import { expect } from 'vitest';
import type { Json } from '#test/fans/graphql-http.ts';

type Name = 'previewEventCancellation' | 'cancelEvent' | 'updateEvent';
type Cancelling = {
  readonly ask: (name: Name, changes: object) => Promise<Json>;
  /** The event, which is published, and its revision. */
  readonly event: { readonly eventId: string };
  readonly revision: number;
};

/** What is refused on the way to a cancelled event, and the cancellation of one without bookings. */
export async function cancelAndBeRefused({ ask, event, revision }: Cancelling): Promise<void> {
  const first = await ask('previewEventCancellation', event);
  expect(first).toMatchObject({ preview: { bookings: 0, tickets: 0, refunds: [], bookingsByHand: 0 } });
  expect(await ask('updateEvent', { ...event, revision, title: 'Late' })).toMatchObject({ event: { title: 'Late' } });
  const decision = { ...event, token: first.preview.token };
  expect(await ask('cancelEvent', decision)).toMatchObject({ code: 'PREVIEW_OUTDATED', retry: { advice: 'NEVER' } });
  expect(await ask('cancelEvent', event)).toMatchObject({ code: 'INVALID_INPUT', field: 'token' });
  expect(await ask('cancelEvent', { ...decision, reason: ' ' })).toMatchObject({ field: 'reason' });
  const { token } = (await ask('previewEventCancellation', event)).preview;
  const cancelled = { event: { status: 'CANCELLED', cancellation: { bookings: 0, done: 0, refunded: [] } } };
  for (const _ of ['first', 'repeated']) expect(await ask('cancelEvent', { ...event, token })).toMatchObject(cancelled);
}
