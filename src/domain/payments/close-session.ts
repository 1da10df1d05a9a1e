import { failpoint } from '#db/failpoint.ts';
import { takeOver } from './ask-gateway.ts';
import type { ClaimedPayment } from './claim-due-payments.ts';
import type { SettleNeeds, StepOutcome } from './settle-step.ts';

/**
 * Ends the session of a booking that ended, or whose time is over. The gateway may answer that the fan has paid
 * already. Then it is a payment like any other, and the booking side takes the seats again or asks for a refund.
 */
export async function closeSession(
  needs: SettleNeeds,
  claimed: ClaimedPayment,
  signal: AbortSignal,
): Promise<StepOutcome> {
  return takeOver(needs, claimed, async (reference) => {
    const session = await needs.gateway.expireSession(reference, { signal });
    failpoint('payments.session-closed');
    return session;
  });
}
