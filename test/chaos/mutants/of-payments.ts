import type { Mutant } from './mutant.ts';

const follow = 'src/workers/payments/follow-bookings.ts';
const paymentRules = 'src/domain/payments/payment-rules.ts';

export const paymentMutants: readonly Mutant[] = [
  {
    name: 'refund-without-key',
    bug: 'the gateway is asked for a refund without an idempotency key',
    vehicle: 'rush',
    edits: [
      {
        file: 'src/gateways/sandbox.ts',
        find: 'const { idempotencyKey: key, signal } = request;',
        replace: 'const { signal } = request;\n      const key = undefined;',
      },
    ],
  },
  {
    name: 'session-key-missing',
    bug: 'each attempt to open a session has a key of its own',
    edits: [
      {
        file: 'src/domain/payments/open-session.ts',
        find: '`session:',
        replace: 'Math.random() + `session:',
      },
    ],
  },
  {
    name: 'answer-before-notice-is-stored',
    bug: 'the gateway gets 200 before its notice is stored',
    vehicle: 'rush',
    edits: [
      {
        file: 'src/http/gateway-webhook.ts',
        find: 'const received = await receiveNotice(',
        replace: 'answer(response, 200, { received: true });\n    const received = await receiveNotice(',
      },
      {
        file: 'src/http/gateway-webhook.ts',
        find: "later');\n    answer(response, 200, { received: true });",
        replace: "later');",
      },
      {
        file: 'src/http/gateway-webhook.ts',
        find: "answer(response, 503, { error: 'NOT_KEPT' });",
        replace: '',
      },
    ],
  },
  {
    name: 'late-payment-not-refunded',
    bug: 'money for seats that are gone is kept',
    edits: [
      {
        file: follow,
        find: 'return requestRefund(needs, { bookingId, reason: event.reason, messageId });',
        replace: 'return undefined;',
      },
    ],
  },
  {
    name: 'refund-while-confirmed',
    bug: 'the money of a retaken booking is given back as well',
    edits: [
      {
        file: follow,
        find: 'default:\n      return undefined;',
        replace: `case 'BookingConfirmed':
      return event.retaken ? requestRefund(needs, { bookingId, reason: 'RETAKEN', messageId }) : undefined;
    default:
      return undefined;`,
      },
    ],
  },
  {
    name: 'cancellation-not-refunded',
    bug: 'a confirmed booking is cancelled and its money is kept',
    edits: [{ file: follow, find: 'return event.refundDue\n', replace: 'return event.refundDue && false\n' }],
  },
  {
    name: 'notice-amount-not-compared',
    bug: 'a notice of any amount counts as the payment',
    edits: [
      {
        file: paymentRules,
        find: "return seen.capturedMinor === payment.amountMinor && seen.currency === payment.currency ? 'SUCCEED' : 'GIVE_BACK';",
        replace: "return 'SUCCEED';",
      },
    ],
  },
  {
    name: 'outbox-outside-transaction',
    bug: 'what payments publish is written after the commit of what it tells',
    edits: [
      {
        file: 'src/db/outbox.ts',
        find: 'await tx.execute(sql`',
        replace: '((tx as never as { later?: unknown[] }).later ??= []).push(sql`',
      },
      {
        file: 'src/db/transaction.ts',
        find: 'return await begin(db, async (tx) => {',
        replace: 'let later: unknown[] = [];\n      const done = await begin(db, async (tx) => {',
      },
      {
        file: 'src/db/transaction.ts',
        find: 'return result;\n      });',
        replace: `later = (tx as never as { later?: unknown[] }).later ?? [];
        return result;
      });
      for (const statement of later) await db.execute(statement as never);
      return done;`,
      },
    ],
  },
  {
    name: 'inbox-outside-transaction',
    bug: 'a message is marked as handled before its effect is committed',
    vehicle: 'rush',
    edits: [
      {
        file: 'src/db/transaction.ts',
        find: 'return await begin(db, async (tx) => {',
        replace: 'return await begin(db, async (tx) => {\n        (tx as never as { around: Db }).around = db;',
      },
      {
        file: 'src/db/inbox.ts',
        find: 'const inserted = await tx.execute(sql`',
        replace: 'const inserted = await (tx as never as { around: typeof tx }).around.execute(sql`',
      },
    ],
  },
  {
    name: 'refund-not-entered',
    bug: 'a refund that arrived is not in the journal',
    edits: [
      {
        file: 'src/domain/payments/refund-statements.ts',
        find: "await enter(tx, { kind: 'REFUND_DONE', of: { refundId: refund.id } }, aboutOf(payment), [",
        replace:
          "await enter(tx, { kind: 'REFUND_DONE', of: { refundId: refund.id } }, aboutOf(payment), Math.random() < 2 ? [] : [",
      },
    ],
  },
  {
    name: 'refunded-lines-not-counted',
    bug: 'the lines of a refund are not counted as refunded',
    edits: [
      {
        file: 'src/domain/payments/refund-statements.ts',
        find: 'set refunded_minor = l.refunded_minor + t.minor',
        replace: 'set refunded_minor = l.refunded_minor',
      },
    ],
  },
  {
    name: 'refund-from-fees',
    bug: 'a refund that arrived is credited to the fees and not to the gateway',
    edits: [
      {
        file: 'src/domain/payments/refund-statements.ts',
        find: "{ account: 'gateway_clearing', minor: -refund.amountMinor },",
        replace: "{ account: 'fees', minor: -refund.amountMinor },",
      },
    ],
  },
];
