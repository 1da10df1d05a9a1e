import { createCodes, createCodesRefusals } from '#domain/allocation/create-codes.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { Event, requireEventOfMembers } from '../catalog/event.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';

const CreateCodesInput = builder.inputType('CreateCodesInput', {
  description: 'New codes of an event, and what a fan with one of them may have.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The id of an Event.' }),
    count: t.int({ description: 'How many codes the server shall make, 1 to 1,000. They have 65 bits.' }),
    codes: t.stringList({
      description:
        'Instead of `count`: the codes themselves, 4 to 60 characters each. Case, blanks and hyphens do not count. A short code can be guessed.',
    }),
    opens: t.stringList({
      description: 'Names of allocations, and keys of ticket types with `needsCode`. Left out: only the discount.',
    }),
    discountPercent: t.field({
      type: 'Decimal',
      description: 'A percentage off the face price of each ticket of the booking.',
    }),
    discountMinor: t.field({
      type: 'MinorUnits',
      description: 'Instead of a percentage: an amount off the face price of each ticket of the booking.',
    }),
    usesPerCode: t.int({
      defaultValue: 1,
      description:
        'How many bookings one code is good for. A booking that ends without payment gives its use back, and one that was paid does not.',
    }),
    validFrom: t.field({ type: 'DateTime', description: 'From when the codes work. Left out: at once.' }),
    validUntil: t.field({ type: 'DateTime', description: 'Until when the codes work. Left out: without end.' }),
  }),
});

const CreateCodesSuccess = builder
  .objectRef<{ eventId: string; codes: readonly string[] }>('CreateCodesSuccess')
  .implement({
    description: 'The codes exist.',
    fields: (t) => ({
      codes: t.stringList({
        description: 'The codes, in the order of the input. They cannot be read again: only their hashes are kept.',
        resolve: ({ codes }) => [...codes],
      }),
      event: t.field({
        type: Event,
        description: 'The event.',
        resolve: ({ eventId }, _args, context) => requireEventOfMembers(eventId, context),
      }),
    }),
  });

builder.mutationField('createCodes', (t) =>
  t.field({
    type: CreateCodesSuccess,
    description:
      'Makes codes for an event, all or none. A code opens allocations or ticket types, takes something off the prices, or both. Only for owners and managers of its organization.',
    args: {
      input: t.arg({ type: CreateCodesInput, required: true, description: 'The codes and what they are good for.' }),
    },
    errors: {
      types: [...createCodesRefusals],
      union: { name: 'CreateCodesResult', description: 'The codes, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('createCodes', async () => {
        const eventId = decodeId('Event', input.eventId);
        if (!eventId) throw new NotFound('event');
        return createCodes(context.resources, actor, {
          eventId,
          count: input.count ?? undefined,
          codes: input.codes ?? undefined,
          opens: input.opens ?? [],
          discountPercent: input.discountPercent ?? undefined,
          discountMinor: input.discountMinor ?? undefined,
          usesPerCode: input.usesPerCode ?? 1,
          validFrom: input.validFrom ?? undefined,
          validUntil: input.validUntil ?? undefined,
        });
      });
    },
  }),
);
