import { CompanionWithoutPlace, LeavesSingleSeat, SeatsUnavailable } from '#domain/booking/errors.ts';
import { shownQuoteOf } from '#domain/catalog/seat-levels.ts';
import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import { builder } from '../builder.ts';
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
      description: 'What a booking of the block costs, with all fees and taxes.',
      resolve: async ({ plan, eventId, seatNos }, _args, { loaders }) => {
        const prices = await loaders.prices.load(eventId);
        if (!prices) throw new Error(`event ${eventId} has no prices`);
        const { totalMinor, currency } = shownQuoteOf(prices, plan, seatNos);
        return { amountMinor: totalMinor, currency };
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

builder.objectType(LeavesSingleSeat, {
  name: 'LeavesSingleSeat',
  description:
    'The event does not accept a choice that leaves a single free seat between taken ones. None of the seats was held for this request.',
  interfaces: [Refusal],
  fields: (t) => ({
    seats: t.field({
      type: [Seat],
      description: 'The seats that the choice would leave single.',
      resolve: async ({ eventId, seatNos }, _args, context) => {
        const plan = await planOf(eventId, context);
        return seatNos.map((seatNo) => seatOf(plan, seatNo));
      },
    }),
    alternatives: t.field({
      type: [SeatBlock],
      description: 'Up to three blocks of the same number of seats that leave no seat single, nearest first.',
      resolve: async ({ eventId, alternatives }, _args, context) => {
        const plan = await planOf(eventId, context);
        return alternatives.map((seatNos) => ({ plan, eventId, seatNos }));
      },
    }),
  }),
});

builder.objectType(CompanionWithoutPlace, {
  name: 'CompanionWithoutPlace',
  description:
    'A companion seat is sold only together with its wheelchair place (`Seat.companionOf`). None of the seats was held for this request.',
  interfaces: [Refusal],
  fields: (t) => ({
    seats: t.field({
      type: [Seat],
      description: 'The companion seats whose wheelchair places are missing.',
      resolve: async ({ planId, seatNos }, _args, { resources }) => {
        const plan = await resources.plans.get(planId);
        return seatNos.map((seatNo) => seatOf(plan, seatNo));
      },
    }),
    places: t.field({
      type: [Seat],
      description: 'Their wheelchair places, in the same order.',
      resolve: async ({ planId, placeNos }, _args, { resources }) => {
        const plan = await resources.plans.get(planId);
        return placeNos.map((seatNo) => seatOf(plan, seatNo));
      },
    }),
  }),
});
