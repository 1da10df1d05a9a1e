import postgres from 'postgres';
import { closeDb, openDb } from '#db/client.ts';
import type { Failpoint } from '#db/failpoint.ts';
import { decodeGlobalId } from '#domain/global-id-rules.ts';
import { bookingWhen, cancel, hold, signInAsGuest } from '#test/fans/fan.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import { type SeedEventOptions, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type ProcessName, type SystemOptions, startSystem } from '#test/support/system/system.ts';
import { merchantCall } from './sandbox-gateway.ts';

type Wanted = { status?: string; payment?: string };

/** A system in which fans buy, with tools to make failures between the processes. */
export async function openPaymentScenes(options: SystemOptions = {}) {
  const system = await startSystem({ ...options, env: { LOG_LEVEL: 'warn', ...options.env } });
  const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  const payments = postgres(system.paymentsUrl, { max: 1, onnotice: () => undefined });
  const gateway = merchantCall(system.gatewayUrl);

  return {
    system,
    db,
    payments,
    gateway,
    book: hold,
    event: (seats: number, more: Partial<SeedEventOptions> = {}) =>
      seedEvent(db, { seats, cancellableForSeconds: 3600, ...more }),
    /** A fan who holds these seats. */
    async buyer(event: SeededEvent, ...seatNos: number[]) {
      const fan = await signInAsGuest(system.apiUrl);
      const { booking } = await hold(fan, event, seatNos);
      if (!booking) throw new Error('The seats are taken.');
      const rawId = decodeGlobalId(booking.id)?.id ?? '';
      const when = ({ status, payment }: Wanted, withinMs?: number) =>
        bookingWhen(
          fan,
          booking.id,
          (now) => (!status || now.status === status) && (!payment || now.payment.status === payment),
          withinMs,
        );
      return { fan, id: booking.id as string, rawId, when, ready: () => when({ status: 'PAYMENT_READY' }) };
    },
    cancel,
    /** The gateway's switches; without one, everything works. */
    async trouble(switches: Record<string, number> = {}): Promise<void> {
      const { status, text } = await gateway('PUT', '/v1/trouble', switches);
      if (status !== 200) throw new Error(text);
    },
    /** Restarts the process so that it dies at `failpoint`; resolves when it runs. `died` resolves when it is dead. */
    async doom(name: ProcessName, failpoint: Failpoint): Promise<{ died: Promise<unknown> }> {
      await system.kill(name);
      await system.start(name, { FRONTROW_FAILPOINT: failpoint });
      return { died: system.ended(name) };
    },
    /**
     * Releases a payment that a dead process had claimed. Without this, another process takes it over when the lease
     * of 15 s ends.
     */
    endLeases: () => payments`
      update payments set next_check_at = now()
      where next_check_at between now() + interval '1 second' and now() + interval '16 seconds' and status in ('CREATING_SESSION', 'SESSION_CREATED', 'REFUND_PENDING')`,
    expectAllInvariants: (withinMs?: number) => expectAllInvariants(system, withinMs ? { withinMs } : {}),
    async close(): Promise<void> {
      await Promise.all([closeDb(db), payments.end()]);
      await system.stop();
    },
  };
}
