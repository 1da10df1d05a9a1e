import { z } from 'zod';

const days = (least: number, usual: number) =>
  z.coerce
    .number({ error: `a number of days, at least ${least}` })
    .int()
    .min(least, `a number of days, at least ${least}`)
    .default(usual);

export const retention = {
  /** Counted from the last event that the guest booked; for a guest without a booking, from the visit. */
  RETAIN_GUESTS_DAYS: days(31, 365),
  /**
   * For bookings that ended unpaid. At least 31, because an idempotency key works for thirty days, and messages can be
   * replayed for seven.
   */
  RETAIN_UNPAID_BOOKINGS_DAYS: days(31, 90),
};

export const retentionConfig = (env: z.infer<z.ZodObject<typeof retention>>) => ({
  retention: { guestsDays: env.RETAIN_GUESTS_DAYS, unpaidBookingsDays: env.RETAIN_UNPAID_BOOKINGS_DAYS },
});
