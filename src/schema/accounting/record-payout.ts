import type { Payout as PayoutModel } from '#domain/accounting/books.ts';
import { PayoutTooLarge } from '#domain/accounting/errors.ts';
import { recordPayout, recordPayoutRefusals } from '#domain/accounting/record-payout.ts';
import { NotFound } from '#domain/errors.ts';
import { IDEMPOTENCY_KEY } from '../booking/create-booking.ts';
import { builder } from '../builder.ts';
import { Money } from '../money.ts';
import { decodeId } from '../node.ts';
import { Refusal } from '../refusals.ts';
import { requireActor } from '../viewer.ts';

const Payout = builder.objectRef<PayoutModel>('Payout').implement({
  description: 'Money that was sent to the organizer.',
  fields: (t) => ({
    amount: t.field({ type: Money, description: 'How much.', resolve: (payout) => payout }),
    reference: t.exposeString('reference', { description: 'The reference of the bank transfer.' }),
    paidAt: t.field({ type: 'DateTime', description: 'When it was sent.', resolve: ({ paidAt }) => paidAt }),
    recordedAt: t.field({
      type: 'DateTime',
      description: 'When it was entered into the journal: it is in the statement of this time.',
      resolve: ({ recordedAt }) => recordedAt,
    }),
  }),
});

builder.objectType(PayoutTooLarge, {
  name: 'PayoutTooLarge',
  description: 'The payout is more than can be paid out now. Nothing was recorded.',
  interfaces: [Refusal],
  fields: (t) => ({
    available: t.field({
      type: Money,
      description: 'What can be paid out now; negative when the organizer owes money.',
      resolve: ({ availableMinor, currency }) => ({ amountMinor: availableMinor, currency }),
    }),
  }),
});

const MoneyInput = builder.inputType('MoneyInput', {
  description: 'An amount of money.',
  fields: (t) => ({
    amountMinor: t.field({
      type: 'MinorUnits',
      required: true,
      description: 'The amount in minor units, for example cents; more than zero.',
    }),
    currency: t.string({ required: true, description: 'The currency code, ISO 4217, for example `EUR`.' }),
  }),
});

const RecordPayoutInput = builder.inputType('RecordPayoutInput', {
  description: 'A bank transfer to the organizer.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The id of an Organization.' }),
    amount: t.field({ type: MoneyInput, required: true, description: 'How much was sent.' }),
    reference: t.string({ required: true, description: 'The reference of the transfer, 1 to 200 characters.' }),
    paidAt: t.field({
      type: 'DateTime',
      required: true,
      description: 'When it was sent: not in the future, and at most a year ago.',
    }),
    idempotencyKey: t.string({ required: true, description: IDEMPOTENCY_KEY }),
  }),
});

const RecordPayoutSuccess = builder.objectRef<{ payout: PayoutModel }>('RecordPayoutSuccess').implement({
  description: 'The payout is in the journal.',
  fields: (t) => ({
    payout: t.field({ type: Payout, description: 'The payout.', resolve: ({ payout }) => payout }),
  }),
});

builder.mutationField('recordPayout', (t) =>
  t.field({
    type: RecordPayoutSuccess,
    description:
      'Records money that was sent to the organizer by bank. It sends no money. Never more than `Statement.available` of now. Only for owners and the finance office of the organization.',
    args: { input: t.arg({ type: RecordPayoutInput, required: true, description: 'The transfer.' }) },
    errors: {
      types: [...recordPayoutRefusals],
      union: { name: 'RecordPayoutResult', description: 'The payout, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('recordPayout', async () => {
        const organizationId = decodeId('Organization', input.organizationId);
        if (!organizationId) throw new NotFound('organization');
        const { amount, reference, paidAt, idempotencyKey } = input;
        const payout = { organizationId, ...amount, reference, paidAt, idempotencyKey };
        return recordPayout(context.resources, actor, payout);
      });
    },
  }),
);
