import type { Mutant } from './mutant.ts';

const decoding = 'src/db/logical-decoding.ts';
const consumption = 'src/events/log/postgres-consumption.ts';

export const deliveryMutants: readonly Mutant[] = [
  {
    name: 'acknowledged-before-append',
    bug: 'the relay acknowledges a position before the event log has what came before it',
    vehicle: 'rush',
    edits: [
      {
        file: decoding,
        find: `await this.handle(batch);
        this.flushed = batch.at(-1)?.endLsn ?? this.flushed;
        this.acknowledge();`,
        replace: `this.flushed = batch.at(-1)?.endLsn ?? this.flushed;
        this.report();
        await this.handle(batch);`,
      },
    ],
  },
  {
    name: 'position-moved-before-handling',
    bug: 'a consumer goes on behind a message that it could not handle for the moment',
    vehicle: 'rush',
    edits: [{ file: consumption, find: 'if (waiting) return waiting.offset;', replace: 'void waiting;' }],
  },
  {
    name: 'confirmed-again',
    bug: 'a message that comes again confirms its booking again',
    edits: [
      {
        file: 'src/domain/inventory/write-inventory.ts',
        find: 'if (known.has(key)) return true;',
        replace: '',
      },
      {
        file: 'src/domain/inventory/inventory-write-statements.ts',
        find: "mustChange('The inbox', count, marks.length);",
        replace: 'void count;',
      },
      {
        file: 'src/domain/inventory/allocate-rules.ts',
        find: "if (booking.status === 'CONFIRMED') return { kind: 'confirmed', booking, retaken: false, fresh: false };",
        replace: '',
      },
      {
        file: 'src/domain/inventory/allocate-rules.ts',
        find: "const isSettled = ['PAYMENT_SUCCESS', 'REFUND_PENDING', 'REFUNDED']",
        replace: "const isSettled = ['REFUND_PENDING', 'REFUNDED']",
      },
    ],
  },
  {
    name: 'parked-message-overtaken',
    bug: 'messages of an event go on although an earlier one is parked',
    vehicle: 'rush',
    edits: [
      {
        file: 'src/events/log/parked-messages.ts',
        find: 'if (keys.has(message.key)) {',
        replace: 'if (Date.now() < 0) {',
      },
    ],
  },
  {
    name: 'outage-parks',
    bug: 'a message that meets an outage three times is set aside',
    edits: [
      {
        file: 'src/workers/message-trials.ts',
        find: 'if (outage) return this.wait(one, error, outage.cause);',
        replace: 'if (outage) return error;',
      },
    ],
  },
  {
    name: 'epoch-not-compared',
    bug: 'a Redis that comes back with an old dump is believed',
    vehicle: 'rush',
    edits: [
      {
        file: 'src/domain/inventory/rebuild-seat-locks.ts',
        find: 'if (named !== null && epoch !== undefined && named === epochOn(epoch, runId))',
        replace: 'if (named !== null && epoch !== undefined)',
      },
    ],
  },
  {
    name: 'seat-changes-out-of-order',
    bug: 'a change of the seat map is applied before its predecessor',
    vehicle: 'rush',
    edits: [
      {
        file: 'src/redis/scripts/applySeatChanges.lua',
        find: 'if change[1] == version + 1 then',
        replace: 'if change[1] > version then',
      },
    ],
  },
  {
    name: 'gap-not-healed',
    bug: 'a seat map that missed a change goes on with the next one',
    edits: [
      {
        file: 'src/domain/inventory/seat-map-hub.ts',
        find: 'if (change[0] > this.#version + 1) {',
        replace: 'if (change[0] < 0) {',
      },
    ],
  },
];
