import fc from 'fast-check';
import { expect, test } from 'vitest';
import { after, empty, hold, NOW, rules, SEATS } from '#test/support/inventory/allocation.ts';
import { allocate } from './allocate-rules.ts';
import type { CodeState } from './code-rules.ts';
import type { AllocateCommand, InventoryCommand, SeatState } from './inventory-command.ts';
import { seatChangesOf } from './inventory-events.ts';
import type { InventoryState } from './inventory-state.ts';

const USES = 3;
const code: CodeState = {
  id: 'c',
  hash: 'h',
  opens: ['house'],
  discountPercent: null,
  discountMinor: null,
  usesPerCode: USES,
  uses: 0,
  validFromMs: null,
  validUntilMs: null,
};
const codes = [{ text: 'friends', hash: 'h' }];
const start: InventoryState = {
  ...empty,
  codes: new Map([
    ['h', code],
    ['c', code],
  ]),
};
const lasting = { ...rules, policy: { ...rules.policy, maxSeatsPerEvent: SEATS } };

type Name = 'house' | 'press';
type Step =
  | { do: 'hold'; seatNos: number[]; hasCode: boolean }
  | { do: 'cancel' | 'pay'; nth: number }
  | { do: 'give'; seatNos: number[]; to: Name | null; endsAtMs: number | null | undefined }
  | { do: 'end'; name: Name };

const name = fc.constantFrom<Name>('house', 'press');
const seatNos = (maxLength: number) =>
  fc.uniqueArray(fc.nat(SEATS - 1), { minLength: 1, maxLength }).map((list) => list.sort((a, b) => a - b));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hold' as const), seatNos: seatNos(3), hasCode: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'pay' as const), nth: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('give' as const),
      seatNos: seatNos(5),
      to: fc.option(name),
      endsAtMs: fc.constantFrom(undefined, null, NOW - 1, NOW + 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), name }) },
);

/** The same promises in the plainest words: who has a seat, to whom it goes back, and when an allocation ends. */
class Plain {
  readonly owner: (string | undefined)[] = Array.from({ length: SEATS });
  readonly allocation: (Name | undefined)[] = Array.from({ length: SEATS });
  readonly ends = new Map<Name, number | null>();
  readonly bookings = new Map<string, { seatNos: number[]; hasCode: boolean; isPaid: boolean; isOver: boolean }>();

  uses(): number {
    return [...this.bookings.values()].filter(({ hasCode, isPaid, isOver }) => hasCode && (isPaid || !isOver)).length;
  }

  hold(id: string, wanted: number[], hasCode: boolean): object {
    if (hasCode && this.uses() >= USES) return { kind: 'codeInvalid', code: 'friends' };
    const isFor = (seatNo: number) =>
      this.owner[seatNo] === undefined &&
      (this.allocation[seatNo] === undefined || (this.allocation[seatNo] === 'house' && hasCode));
    const taken = wanted.filter((seatNo) => !isFor(seatNo));
    if (taken.length > 0) return { kind: 'seatsUnavailable', seatNos: taken };
    for (const seatNo of wanted) this.owner[seatNo] = id;
    this.bookings.set(id, { seatNos: wanted, hasCode, isPaid: false, isOver: false });
    return { kind: 'held' };
  }

  cancel(id: string): void {
    const booking = this.bookings.get(id);
    if (!booking || booking.isOver) return;
    booking.isOver = true;
    for (const seatNo of booking.seatNos) this.owner[seatNo] = undefined;
  }

  pay(id: string): void {
    const booking = this.bookings.get(id);
    if (booking && !booking.isOver) booking.isPaid = true;
  }

  give(wanted: number[], to: Name | null, endsAtMs: number | null | undefined): object {
    const taken = wanted.filter((seatNo) => this.owner[seatNo] !== undefined);
    if (taken.length > 0) return { kind: 'seatsUnavailable', seatNos: taken };
    const changed = wanted.filter((seatNo) => this.allocation[seatNo] !== (to ?? undefined));
    for (const seatNo of changed) this.allocation[seatNo] = to ?? undefined;
    if (to !== null) this.ends.set(to, endsAtMs === undefined ? (this.ends.get(to) ?? null) : endsAtMs);
    return { kind: 'allocated', changed: changed.length };
  }

  end(of: Name): object {
    const endsAtMs = this.ends.get(of) ?? null;
    if (endsAtMs === null || endsAtMs > NOW) return { kind: 'allocated', changed: 0 };
    const own = this.allocation.flatMap((one, seatNo) => (one === of ? [seatNo] : []));
    for (const seatNo of own) this.allocation[seatNo] = undefined;
    this.ends.delete(of);
    return { kind: 'allocated', changed: own.length };
  }

  statusOf(seatNo: number): SeatState['status'] {
    const owner = this.owner[seatNo];
    if (owner !== undefined) return this.bookings.get(owner)?.isPaid ? 'BOOKED' : 'HELD';
    return this.allocation[seatNo] === undefined ? 'AVAILABLE' : 'BLOCKED';
  }
}

const audit = {} as AllocateCommand['audit'];

/** The command of a step, and what it must come to; undefined where the kind of the outcome is tested elsewhere. */
function translate(one: Step, plain: Plain): { command: InventoryCommand; expected: object | undefined } | undefined {
  if (one.do === 'hold') {
    const command = hold(one.seatNos, one.hasCode ? { codes } : {});
    return { command, expected: plain.hold(command.bookingId, one.seatNos, one.hasCode) };
  }
  if (one.do === 'give') {
    const allocation = one.to === null ? null : { name: one.to, reason: undefined, releaseAtMs: one.endsAtMs };
    const command = { kind: 'allocate', planId: 'p', seatNos: one.seatNos, allocation, audit } as const;
    return { command, expected: plain.give(one.seatNos, one.to, one.endsAtMs) };
  }
  if (one.do === 'end') return { command: { kind: 'endAllocation', name: one.name }, expected: plain.end(one.name) };
  const ids = [...plain.bookings.keys()];
  const bookingId = ids[one.nth % Math.max(1, ids.length)];
  if (bookingId === undefined) return undefined;
  if (one.do === 'cancel') {
    plain.cancel(bookingId);
    const userId = `user of ${bookingId}`;
    return { command: { kind: 'release', reason: 'CANCELLED', bookingId, userId }, expected: undefined };
  }
  plain.pay(bookingId);
  const amountMinor = 110 * (plain.bookings.get(bookingId)?.seatNos.length ?? 0);
  return { command: { kind: 'confirm', bookingId, amountMinor, currency: 'USD', tickets: [] }, expected: undefined };
}

test.each([1, 4])('allocations and codes come to what plain words say, %i commands a write', (size) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const plain = new Plain();
      const map = Array.from({ length: SEATS }, (): string => 'AVAILABLE');
      let state = start;
      for (let from = 0; from < steps.length; from += size) {
        const wanted = steps.slice(from, from + size).flatMap((one) => translate(one, plain) ?? []);
        const commands = wanted.map(({ command }) => command);
        const done = allocate(commands, state, lasting);
        wanted.forEach(({ expected }, index) => {
          if (expected) expect(done.outcomes[index]).toMatchObject(expected);
        });
        const changes = seatChangesOf(done.transitions);
        expect(changes.map(({ version }) => version)).toEqual(changes.map((_, index) => state.version + 1 + index));
        for (const { status, seatNos: own } of changes) for (const seatNo of own) map[seatNo] = status;
        state = after(state, done);
        for (let seatNo = 0; seatNo < SEATS; seatNo++) {
          const seat = state.seats.get(seatNo);
          expect(seat?.status ?? 'AVAILABLE').toBe(plain.statusOf(seatNo));
          expect(seat?.allocation).toBe(plain.allocation[seatNo]);
          expect(map[seatNo], 'what the messages say').toBe(plain.statusOf(seatNo));
        }
        expect(state.codes?.get('c')?.uses).toBe(plain.uses());
      }
    }),
    { numRuns: 1000 },
  );
});
