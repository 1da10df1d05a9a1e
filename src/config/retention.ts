import { z } from 'zod';

const days = (least: number, usual: number) =>
  z.coerce
    .number({ error: `a number of days, at least ${least}` })
    .int()
    .min(least, `a number of days, at least ${least}`)
    .default(usual);

export const retention = {
  /** After the last event that the guest booked, or after the visit of a guest who booked nothing. */
  RETAIN_GUESTS_DAYS: days(31, 365),
  /** Of bookings that ended unpaid. An idempotency key works for thirty days, and messages are replayed for seven. */
  RETAIN_UNPAID_BOOKINGS_DAYS: days(31, 90),
};

export const retentionConfig = (env: z.infer<z.ZodObject<typeof retention>>) => ({
  retention: { guestsDays: env.RETAIN_GUESTS_DAYS, unpaidBookingsDays: env.RETAIN_UNPAID_BOOKINGS_DAYS },
});
