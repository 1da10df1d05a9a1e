import type { KnownRefund, RefundNote, RefundRequest } from './refund-command.ts';
import { keyOf } from './request-key-rules.ts';

/** The refunds of one event while its commands are decided. */
export class RefundNotes {
  readonly #before: ReadonlyMap<string, KnownRefund> | undefined;
  readonly #made: RefundNote[] = [];

  /** @param before by `keyOf` of who asked, as they were read */
  constructor(before: ReadonlyMap<string, KnownRefund> | undefined) {
    this.#before = before;
  }

  get made(): readonly RefundNote[] {
    return this.#made;
  }

  note(refund: RefundNote): void {
    this.#made.push(refund);
  }

  /** The refund that was made with the key of this request, with the commands so far. */
  find({ requestedBy, idempotencyKey }: RefundRequest): KnownRefund | RefundNote | undefined {
    const isSame = (one: RefundNote) => one.requestedBy === requestedBy && one.idempotencyKey === idempotencyKey;
    return this.#made.find(isSame) ?? this.#before?.get(keyOf(requestedBy, idempotencyKey));
  }
}
