import { sql } from 'drizzle-orm';
import type { Tx } from './client.ts';
import { failpoint } from './failpoint.ts';

/**
 * Runs `effect` if this consumer has not seen the message, in the transaction that marks it as seen: the effect and
 * its mark are committed together or not at all. Returns whether it ran.
 */
export async function onceFor(
  tx: Tx,
  message: { consumer: string; messageId: string },
  effect: () => Promise<void>,
): Promise<boolean> {
  const inserted = await tx.execute(sql`
    insert into inbox (consumer, message_id) values (${message.consumer}, ${message.messageId})
    on conflict do nothing returning 1 as fresh`);
  if (inserted.length === 0) return false;
  await effect();
  failpoint('inbox.marked');
  return true;
}
