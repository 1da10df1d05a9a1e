import { SeatsUnavailable } from '#domain/booking/errors.ts';
import { type SeatingPlan, tierLabelOf } from '#domain/catalog/seating-plan.ts';
import { builder } from '../builder.ts';
import { requireEvent } from '../catalog/event.ts';
import { Seat, seatOf } from '../inventory/seat.ts';
import { Money } from '../money.ts';
import { Refusal } from '../refusals.ts';
import { planOf } from './plan-of.ts';

type Block = { plan: SeatingPlan; eventId: string; seatNos: readonly number[] };

const SeatBlock = builder.objectRef<Block>('SeatBlock').implement({
  description: 'Free seats next to each other.',
  fields: (t) => ({
    seats: t.field({
      type: [Seat],
      description: 'The seats, from left to right.',
      resolve: ({ plan, seatNos }) => seatNos.map((seatNo) => seatOf(plan, seatNo)),
    }),
    total: t.field({
      type: Money,
      description: 'What all seats of the block cost, with their fees.',
      resolve: async ({ plan, eventId, seatNos }, _args, context) => {
        const { currency } = await requireEvent(eventId, context);
        const tiers = new Map((await context.loaders.priceTiers.load(eventId)).map((tier) => [tier.name, tier]));
        const costs = seatNos.map((seatNo) => {
          const tier = tiers.get(tierLabelOf(plan, seatNo) ?? '');
          if (!tier) throw new Error(`seat ${seatNo} of plan ${plan.planId} has no price`);
          return tier.priceMinor + tier.feeMinor;
        });
        return { amountMinor: costs.reduce((sum, cost) => sum + cost, 0), currency };
      },
    }),
  }),
});

builder.objectType(SeatsUnavailable, {
  name: 'SeatsUnavailable',
  description: 'At least one of the seats is held, sold or not for sale. None of the seats was held for this request.',
  interfaces: [Refusal],
  fields: (t) => ({
    seats: t.field({
      type: [Seat],
      description: 'The seats that are not available; none when the server was to choose them and found none.',
      resolve: async ({ eventId, seatNos }, _args, context) => {
        const plan = await planOf(eventId, context);
        return seatNos.map((seatNo) => seatOf(plan, seatNo));
      },
    }),
    alternatives: t.field({
      type: [SeatBlock],
      description: 'Up to three blocks of the same number of seats, nearest first, free at `version`.',
      resolve: async ({ eventId, alternatives }, _args, context) => {
        const plan = await planOf(eventId, context);
        return alternatives.map((seatNos) => ({ plan, eventId, seatNos }));
      },
    }),
    version: t.exposeInt('version', { description: 'The version of the seat map at which the request was refused.' }),
  }),
});
