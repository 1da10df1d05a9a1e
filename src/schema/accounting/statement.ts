import { getStatement, type Statement as StatementModel, statementKinds } from '#domain/accounting/get-statement.ts';
import { ExportLink } from '../booking/event-exports.ts';
import { builder } from '../builder.ts';
import { Money } from '../money.ts';
import { Organization } from '../organization/organization.ts';
import { requireActor } from '../viewer.ts';

const DESCRIPTIONS: Readonly<Record<(typeof statementKinds)[number], string>> = {
  ONLINE_SALE: 'Bookings that were paid online.',
  BOX_OFFICE_SALE: 'Bookings that the box office sold.',
  REFUND: 'Refunds of online bookings, also those that are under way.',
  REFUND_FAILED: 'Refunds that the bank sent back: the money is owed again.',
  BOX_OFFICE_REFUND: 'Sales of the box office that it undid.',
  DISPUTE_LOST: 'Payments that the bank of the fan took back.',
  PAYOUT: 'Money that was sent to the organizer.',
};

const StatementLineKind = builder.enumType('StatementLineKind', {
  description: 'What changed the balance.',
  values: Object.fromEntries(statementKinds.map((kind) => [kind, { description: DESCRIPTIONS[kind] }])) as Record<
    (typeof statementKinds)[number],
    { description: string }
  >,
});

type Line = StatementModel['lines'][number] & { readonly currency: string };

const StatementLine = builder.objectRef<Line>('StatementLine').implement({
  description: 'All entries of one kind.',
  fields: (t) => ({
    kind: t.field({ type: StatementLineKind, description: 'What changed the balance.', resolve: ({ kind }) => kind }),
    amount: t.field({
      type: Money,
      description: 'By how much: positive when more is owed to the organizer.',
      resolve: (line) => line,
    }),
    count: t.exposeInt('count', { description: 'How many entries of the journal.' }),
  }),
});

const money = (amountMinor: number, { currency }: StatementModel) => ({ amountMinor, currency });

const Statement = builder.objectRef<StatementModel>('Statement').implement({
  description: 'What was owed to the organizer at the beginning and at the end of a period, and what changed it.',
  fields: (t) => ({
    opening: t.field({
      type: Money,
      description: 'What was owed to the organizer when the period began: the closing balance of the one before.',
      resolve: (statement) => money(statement.openingMinor, statement),
    }),
    lines: t.field({
      type: [StatementLine],
      description: 'What changed it, by kind; without fees and taxes, which are not owed to the organizer.',
      resolve: ({ lines, currency }) => lines.map((line) => ({ ...line, currency })),
    }),
    closing: t.field({
      type: Money,
      description: 'What was owed to the organizer when the period ended: the opening balance and all lines.',
      resolve: (statement) => money(statement.closingMinor, statement),
    }),
    held: t.field({
      type: Money,
      description: 'What the organizer had already at that time: cash, card terminals and invoices of the box office.',
      resolve: (statement) => money(statement.heldMinor, statement),
    }),
    available: t.field({
      type: Money,
      description:
        'What could be paid out at that time: the closing balance without what the organizer had already, and without payments that a bank had taken back for a dispute that was not decided. Negative when the organizer owed money.',
      resolve: (statement) => money(statement.closingMinor - statement.heldMinor - statement.disputedMinor, statement),
    }),
    isFinal: t.exposeBoolean('isFinal', {
      description: 'True when the statement can never change: five minutes after the end of its period.',
    }),
  }),
});

const CURRENCY = 'The currency code, ISO 4217. Each currency has a journal of its own.';

builder.objectField(Organization, 'journalExport', (t) =>
  t.field({
    type: ExportLink,
    description:
      'All lines of the journal of a period, with fees and taxes, as a file: CSV by RFC 4180, UTF-8, times in UTC. Only for owners and the finance office.',
    args: {
      from: t.arg({ type: 'DateTime', required: true, description: 'When the period begins.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'When it ends; this instant is not in it.' }),
      currency: t.arg.string({ required: true, description: CURRENCY }),
    },
    resolve: async ({ id: organizationId }, period, context) => {
      const actor = requireActor(context);
      const { rights, eventExports } = context.resources;
      await rights.requireRight({ actor, operation: 'Organization.journalExport', organizationId });
      return eventExports.linkOfJournal(actor, { ...period, organizationId });
    },
  }),
);

builder.objectField(Organization, 'statement', (t) =>
  t.field({
    type: Statement,
    description:
      'The statement of a period, from the journal. An entry belongs to the time at which it was entered, and not to the time of the payment. Only for owners and the finance office.',
    args: {
      from: t.arg({ type: 'DateTime', required: true, description: 'When the period begins.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'When it ends; this instant is not in it.' }),
      currency: t.arg.string({
        required: true,
        description: CURRENCY,
      }),
    },
    resolve: ({ id }, period, context) =>
      getStatement(context.resources, requireActor(context), { ...period, organizationId: id }),
  }),
);
