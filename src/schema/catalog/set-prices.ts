import { setEventPrices, setEventPricesRefusals } from '#domain/catalog/set-event-prices.ts';
import { InvalidPrices } from '#domain/catalog/set-prices.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { Refusal } from '../refusals.ts';
import { requireActor } from '../viewer.ts';
import { Event, requireEventOfMembers } from './event.ts';
import { SetPricesInput } from './price-inputs.ts';
import { selectionOf } from './seat-selection.ts';

const InputProblem = builder.objectRef<{ path: string; message: string }>('InputProblem').implement({
  description: 'One thing that is wrong with an input.',
  fields: (t) => ({
    path: t.exposeString('path', {
      description: 'Where in the input, for example `priceLevels[0].prices[1].amountMinor`. Empty for the whole input.',
    }),
    message: t.exposeString('message', { description: 'What is wrong, in English.' }),
  }),
});

builder.objectType(InvalidPrices, {
  name: 'InvalidPrices',
  description: 'The price list is not one that fans could pay. Nothing of it was set.',
  interfaces: [Refusal],
  fields: (t) => ({
    problems: t.field({
      type: [InputProblem],
      description: 'Everything that is wrong with it, at most 200 problems.',
      resolve: ({ problems }) => [...problems],
    }),
  }),
});

const SetPricesSuccess = builder.objectRef<{ eventId: string }>('SetPricesSuccess').implement({
  description: 'The event sells at these prices from now on.',
  fields: (t) => ({
    event: t.field({
      type: Event,
      description: 'The event, with its new prices.',
      resolve: ({ eventId }, _args, context) => requireEventOfMembers(eventId, context),
    }),
  }),
});

builder.mutationField('setPrices', (t) =>
  t.field({
    type: SetPricesSuccess,
    description:
      'Sets the whole price list of an event, for every later quote and hold. Holds that exist keep their prices. Fans see the new prices within seconds, also in the search. Only for owners and managers of its organization.',
    args: { input: t.arg({ type: SetPricesInput, required: true, description: 'The whole price list.' }) },
    errors: {
      types: [...setEventPricesRefusals],
      union: { name: 'SetPricesResult', description: 'The event, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('setPrices', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        const priceLevels = input.priceLevels.map((level, index) => ({
          ...level,
          color: level.color ?? undefined,
          seats: selectionOf(level.seats, `priceLevels[${index}].seats`),
        }));
        const ticketTypes = input.ticketTypes.map((type) => ({
          key: type.key,
          name: type.name,
          needsCode: type.needsCode ?? false,
          boxOfficeOnly: type.boxOfficeOnly ?? false,
          maxPerBooking: type.maxPerBooking ?? undefined,
        }));
        const fees = input.fees.map((fee) => ({
          name: fee.name,
          refundable: fee.refundable,
          perTicketMinor: fee.perTicketMinor ?? undefined,
          perBookingMinor: fee.perBookingMinor ?? undefined,
          percent: fee.percent ?? undefined,
        }));
        await setEventPrices(context.resources, actor, { eventId, priceLevels, ticketTypes, fees, taxes: input.taxes });
        return { eventId };
      });
    },
  }),
);
