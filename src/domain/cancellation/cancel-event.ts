import { failpoint } from '#db/failpoint.ts';
import { EVENT_CANCELLATIONS_CHANNEL, eventChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import { isUuid } from '#shared/uuid.ts';
import {
  type ChangeEventNeeds,
  changeEvent,
  type LockedEvent,
  requireStatus,
} from '../catalog/event-life/change-event.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { NotAllowed } from '../organization/errors.ts';
import { actorIdOf } from '../organization/standing-queries.ts';
import { requireText } from '../text-rules.ts';
import type { Actor } from '../viewer.ts';
import { endRoomOfCancelledEvent } from '../waiting-room/end-waiting-room.ts';
import { findPreview, insertCancellation, readFigures, wasCancelledWith } from './cancellation-statements.ts';
import { PreviewOutdated } from './errors.ts';
import { CANCELLABLE } from './preview-event-cancellation.ts';

export const cancelEventRefusals = [
  PreviewOutdated,
  InvalidInput,
  NotFound,
  NotAllowed,
  RateLimited,
  TryAgain,
] as const;

type Needs = ChangeEventNeeds & { readonly redis: Redis };

export type EventCancelling = {
  readonly eventId: string;
  /** Of a preview. */
  readonly token: string;
  /** Also refunds the fees that the price list calls not refundable. */
  readonly refundFees: boolean;
  /** For the members of the organization: 1 to 500 characters. */
  readonly reason: string;
};

/**
 * Cancels a published event for good. Once this returns, no process makes or confirms a booking of it, and the worker
 * `cancel-events` ends its bookings and asks for their refunds. Bookings that were made or ended since the preview do not make
 * the token invalid; the cancellation shows both figures. A repeated request with the same token changes nothing. Throws one
 * of `cancelEventRefusals`; PreviewOutdated when the event was changed since the preview.
 */
export async function cancelEvent(needs: Needs, actor: Actor, asked: EventCancelling): Promise<void> {
  const { eventId, token, refundFees } = asked;
  const reason = requireText('reason', 'The reason', asked.reason, { atMost: 500, hasLines: true });
  const operation = 'Mutation.cancelEvent';
  await changeEvent(needs, actor, { eventId, operation, note: { refundFees } }, async (tx, locked) => {
    const isToken = isUuid(token);
    if (isToken && locked.status === 'CANCELLED' && (await wasCancelledWith(tx, token, eventId))) return {};
    requireStatus(locked, CANCELLABLE);
    const previewed = isToken ? await findPreview(tx, token, eventId) : undefined;
    if (!previewed) throw new InvalidInput('token', 'This is not the token of a preview of this event.');
    if (previewed.isExpired || previewed.revision !== locked.event.revision) throw new PreviewOutdated();
    const figures = await readFigures(tx, eventId);
    const createdBy = actorIdOf(actor);
    await insertCancellation(tx, { eventId, token, refundFees, reason, createdBy, previewed, figures, ...at(locked) });
    return { status: 'CANCELLED' };
  });
  failpoint('event.cancelled');
  await tell(needs, eventId);
}

const at = ({ now }: LockedEvent) => ({ now });

/** The worker does the same when this process dies first or Redis is away. */
async function tell({ db, redis }: Needs, eventId: string): Promise<void> {
  await Promise.allSettled([
    endRoomOfCancelledEvent({ db, redis }, eventId),
    redis.publish(EVENT_CANCELLATIONS_CHANNEL, eventId),
    redis.publish(eventChannel(eventId), eventId),
  ]);
}
