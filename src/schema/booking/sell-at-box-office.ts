import { type SellInput, sellAtBoxOffice, sellAtBoxOfficeRefusals } from '#domain/allocation/sell-at-box-office.ts';
import type { Booking as BookingModel } from '#domain/booking/booking.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { Booking } from './booking.ts';
import { IDEMPOTENCY_KEY } from './create-booking.ts';
import { BookingLineInput, toLines } from './quote.ts';

export const Tender = builder.enumType('Tender', {
  description: 'How a booking was paid at the box office.',
  values: {
    CASH: { description: 'With cash.' },
    CARD_TERMINAL: { description: 'With a card, at a terminal of the organizer.' },
    INVOICE: { description: 'The organizer sends an invoice.' },
    COMPLIMENTARY: { description: 'The tickets were given away: they cost nothing.' },
  } as const,
});

const Holder = builder.objectRef<{ name: string; email: string | null }>('Holder').implement({
  description: 'Who has the tickets of a booking that the box office sold.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the holder.' }),
    email: t.string({
      nullable: true,
      description: 'The e-mail address, if it is known.',
      resolve: ({ email }) => email,
    }),
  }),
});

builder.objectFields(Booking, (t) => ({
  tender: t.field({
    type: Tender,
    nullable: true,
    description: 'How the booking was paid at the box office; null for one that was made online.',
    resolve: ({ tender }) => tender,
  }),
  tenderReference: t.string({
    nullable: true,
    description: 'The receipt, the invoice, or the reason of a gift, as the box office wrote it down.',
    resolve: ({ tenderReference }) => tenderReference,
  }),
  holder: t.field({
    type: Holder,
    nullable: true,
    description: 'Who has the tickets, as the box office wrote it down; null for a booking that was made online.',
    resolve: ({ holderName, holderEmail }) => (holderName === null ? null : { name: holderName, email: holderEmail }),
  }),
}));

const HolderInput = builder.inputType('HolderInput', {
  description: 'Who has the tickets.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name, 1 to 100 characters.' }),
    email: t.string({ description: 'The e-mail address. Left out: it is not known.' }),
  }),
});

const SellAtBoxOfficeInput = builder.inputType('SellAtBoxOfficeInput', {
  description: 'Tickets that the box office sells, and how they are paid.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    lines: t.field({
      type: [BookingLineInput],
      required: true,
      description: 'The tickets, at most 100: seats, also of allocations, with any ticket type.',
    }),
    tender: t.field({ type: Tender, required: true, description: 'How they are paid.' }),
    reference: t.string({
      description: 'The number of a receipt or an invoice, or the reason of a gift, up to 200 characters.',
    }),
    holder: t.field({ type: HolderInput, description: 'Who has the tickets. Left out: it is not known.' }),
    quoteHash: t.string({
      description:
        'The `hash` of a quote of these seats: sells them at this price, or refuses with PriceChanged. Not for COMPLIMENTARY.',
    }),
    idempotencyKey: t.string({ required: true, description: IDEMPOTENCY_KEY }),
  }),
});

const SellAtBoxOfficeSuccess = builder.objectRef<{ booking: BookingModel }>('SellAtBoxOfficeSuccess').implement({
  description: 'The tickets are sold.',
  fields: (t) => ({
    booking: t.field({
      type: Booking,
      description: 'The booking, CONFIRMED, with its tickets. It is in the list of no viewer.',
      resolve: ({ booking }) => booking,
    }),
  }),
});

builder.mutationField('sellAtBoxOffice', (t) =>
  t.field({
    type: SellAtBoxOfficeSuccess,
    description:
      'Books all these seats at once, with their tickets and without the payment gateway, or none of them. Also before the sale opens, after it closes and while it is paused, until the event ends. Only for owners, managers and the box office of its organization.',
    args: {
      input: t.arg({ type: SellAtBoxOfficeInput, required: true, description: 'The tickets and how they are paid.' }),
    },
    errors: {
      types: [...sellAtBoxOfficeRefusals],
      union: { name: 'SellAtBoxOfficeResult', description: 'The booking, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('sellAtBoxOffice', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        const { tender, reference, holder, quoteHash, idempotencyKey } = input;
        const sold: SellInput = {
          eventId,
          lines: toLines(input.lines),
          tender,
          reference: reference ?? undefined,
          holder: holder ? { name: holder.name, email: holder.email ?? undefined } : undefined,
          quoteHash: quoteHash ?? undefined,
          idempotencyKey,
        };
        return sellAtBoxOffice(context.resources, actor, sold);
      });
    },
  }),
);
